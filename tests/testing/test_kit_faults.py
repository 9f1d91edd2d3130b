"""The kit finds planted faults, names them and says how large they are; healthy twins pass."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, partitions, testing, transforms
from tfp_flows.ops.reduce import sum_event

tfb = tfp.bijectors


class Healthy(bijectors.EventBijector):
    """`x = z * exp(v) + w` over events of three numbers."""

    def __init__(self, name="planted"):
        parameters = dict(locals())
        self.log_scale = tf.Variable([0.4, -0.2, 0.3], dtype=tf.float64)
        self.shift = tf.Variable([0.1, 0.5, -0.3], dtype=tf.float64)
        super().__init__(forward_min_event_ndims=1, parameters=parameters, name=name)

    def _forward_and_log_det(self, z, context=None):
        log_scale, shift = tf.cast(self.log_scale, z.dtype), tf.cast(self.shift, z.dtype)
        return z * tf.exp(log_scale) + shift, self._log_det(log_scale, z)

    def _inverse_and_log_det(self, x, context=None):
        log_scale, shift = tf.cast(self.log_scale, x.dtype), tf.cast(self.shift, x.dtype)
        return (x - shift) * tf.exp(-log_scale), -self._log_det(log_scale, x)

    def _log_det(self, log_scale, value):
        return tf.reduce_sum(log_scale) * tf.ones_like(value[..., 0])


class WrongSign(Healthy):
    def _log_det(self, log_scale, value):
        return -super()._log_det(log_scale, value)


class WrongForwardLogDet(Healthy):
    def _forward_and_log_det(self, z, context=None):
        x, log_det = super()._forward_and_log_det(z)
        return x, log_det + 0.5


class WrongInverse(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        z, log_det = super()._inverse_and_log_det(x)
        return z + 0.01, log_det


class SummedOverTheBatch(Healthy):
    def _log_det(self, log_scale, value):
        return tf.reduce_sum(super()._log_det(log_scale, value))


class NotReduced(Healthy):
    def _log_det(self, log_scale, value):
        return log_scale * tf.ones_like(value)


class WrongConstant(Healthy):
    def _log_det(self, log_scale, value):
        return tf.reduce_mean(log_scale)


class NoGradientFarOut(Healthy):
    """The value is right everywhere, and the branch that is not taken spoils the gradient."""

    def _inverse_and_log_det(self, x, context=None):
        near = x * tf.exp(x) / tf.exp(x)
        return super()._inverse_and_log_det(tf.where(tf.abs(x) < 100, near, x))


class InfinityFarOut(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        z, log_det = super()._inverse_and_log_det(x)
        return tf.where(tf.abs(x) < 100, z, np.inf), log_det


class CastsToFloat32(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        z, log_det = super()._inverse_and_log_det(x)
        return tf.cast(z, tf.float32), tf.cast(log_det, tf.float32)


class WantsKnownBatch(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        return super()._inverse_and_log_det(tf.reshape(x, [int(size) for size in x.shape]))


class FlattensTheBatch(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        return super()._inverse_and_log_det(tf.reshape(x, [-1, 3]))


class NotForXla(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        text = tf.strings.as_string(tf.stop_gradient(x))
        return super()._inverse_and_log_det(x + 0 * tf.strings.to_number(text, x.dtype))


class DifferentInGraphs(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        z, log_det = super()._inverse_and_log_det(x)
        return (z if tf.executing_eagerly() else z + 0.1), log_det


class Untrained(Healthy):
    def _inverse_and_log_det(self, x, context=None):
        scale, shift = tf.stop_gradient(self.log_scale), tf.cast(self.shift, x.dtype)
        scale = tf.cast(scale, x.dtype)
        return (x - shift) * tf.exp(-scale), -self._log_det(scale, x)


class LeakyMask(partitions.Mask):
    """Forgets that entries which are kept have no part in the log-det."""

    def sum(self, log_slope):
        return sum_event(log_slope, self.event_ndims)


class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.ones([3, 6], tf.float64))

    def __call__(self, x):
        return x @ tf.cast(self.kernel, x.dtype)


def masked(mask):
    partition = mask([True, False, True])
    return bijectors.Coupling(partition, transforms.Affine(), Module())


def plain(layer):
    """A shift by what a network says of nothing, as plain functions."""

    def shift(x):
        return tf.cast(layer(tf.ones([1, 1]))[0], x.dtype)

    return tfb.Inline(
        forward_fn=lambda z: z + shift(z),
        inverse_fn=lambda x: x - shift(x),
        inverse_log_det_jacobian_fn=lambda x: tf.zeros_like(x[..., 0]),
        forward_min_event_ndims=1,
        name="plain",
    )


class Constant(tf.Module):
    def __call__(self, ones):
        return 3 * ones


def untracked():
    layer = keras.layers.Dense(3, dtype="float64")
    layer.build((None, 1))
    return plain(layer)


def stock_scale():
    return tfb.ScaleMatvecDiag(tf.Variable([1.0, 2.0, 0.5]))


LOG_DET, BATCH = "log det against autodiff", "batch shapes"
FORWARD = "forward log det against inverse"
# Each with all that it breaks: the right check and no other.
FAULTS = [
    (WrongSign, {LOG_DET}),
    (WrongForwardLogDet, {FORWARD}),
    (WrongInverse, {"round trip of data", "round trip of latents"}),
    (SummedOverTheBatch, {LOG_DET, BATCH}),
    (WrongConstant, {LOG_DET}),
    (NoGradientFarOut, {"extreme data stay finite"}),
    (InfinityFarOut, {"extreme data stay finite"}),
    (CastsToFloat32, {"dtypes"}),
    (WantsKnownBatch, {"unknown batch"}),
    (FlattensTheBatch, {BATCH}),
    (NotForXla, {"xla"}),
    (DifferentInGraphs, {"unknown batch", "xla"}),
    (Untrained, {"untrained variables"}),
    (lambda: masked(LeakyMask), {LOG_DET}),
    (untracked, {"untracked variables"}),
    (stock_scale, {"stale log dets"}),
]
HEALTHY = [
    Healthy,
    lambda: masked(partitions.Mask),
    lambda: plain(Constant()),
    lambda: bijectors.Chain([stock_scale()]),
]


def failures(make):
    with pytest.raises(AssertionError, match="is not valid") as caught:
        testing.assert_valid_bijector(make(), (3,))
    return dict(re.findall(r"^FAILED ([^:]+): (.*)$", str(caught.value), re.MULTILINE))


@pytest.mark.parametrize(("make", "checks"), FAULTS)
def test_a_planted_fault_is_found_by_the_right_checks_alone(make, checks):
    found = failures(make)
    assert set(found) == checks
    for finding in found.values():
        figure = re.match(r"(\S+) \(at most", finding)
        assert figure is None or float(figure[1]) > 0


@pytest.mark.parametrize("make", HEALTHY)
def test_the_healthy_twin_passes_every_check(make):
    findings = testing.assert_valid_bijector(make(), (3,))
    assert len(findings) == 13
    assert all(finding.ok for finding in findings)


@pytest.mark.parametrize(
    ("make", "check", "figure"),
    [
        (WrongForwardLogDet, "forward log det against inverse", (0.1, 0.5)),
        (WrongInverse, "round trip of data", (0.003, 0.03)),
        (untracked, "untracked variables", (2, 2)),
        (Untrained, "untrained variables", (1, 1)),
        (InfinityFarOut, "extreme data stay finite", (18, 80)),
    ],
)
def test_figures_have_the_size_of_the_fault(make, check, figure):
    low, high = figure
    assert low <= float(failures(make)[check].split()[0]) <= high


def test_a_log_det_that_is_not_reduced_is_told_by_its_shape():
    found = failures(NotReduced)
    for check in (LOG_DET, FORWARD, BATCH):
        assert found[check] == "ValueError: the log-det must have shape (6,); it has (6, 3)"


def test_an_exception_in_a_check_is_a_finding_with_its_text():
    class Raises(Healthy):
        def _forward_and_log_det(self, z, context=None):
            raise RuntimeError("no way forward")

    found = failures(Raises)
    assert found["round trip of data"] == "RuntimeError: no way forward"
    assert "untracked variables" not in found


def test_nan_is_never_small():
    class GivesNan(Healthy):
        def _inverse_and_log_det(self, x, context=None):
            z, log_det = super()._inverse_and_log_det(x)
            return z, log_det + np.nan

    found = failures(GivesNan)
    assert {"log det against autodiff", "batch shapes", "stale log dets"} <= set(found)


def test_the_message_names_the_bijector_its_events_and_every_check():
    with pytest.raises(AssertionError) as caught:
        testing.assert_valid_bijector(WrongSign(), (3,))
    lines = str(caught.value).splitlines()
    assert "planted" in lines[0]
    assert "(3,)" in lines[0]
    assert len(lines) == 14
    assert any(line.startswith("ok     round trip of data: ") for line in lines)
