"""The kit works for bijectors of every kind and leaves no trace in them."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, nets, partitions, testing, transforms
from tfp_flows.testing.subject import scrambled

tfb = tfp.bijectors
HALVES = partitions.Halves()


def coupling(partition=HALVES, context_shape=None, dtype=None):
    shapes = partition.part_shapes((4,))
    net = nets.MLP((5,), dtype=dtype)(*shapes, 2, context_shape)
    return bijectors.Coupling(partition, transforms.Affine(), net, context_shape=context_shape)


def squeeze():
    """`[4, 4, 1]` of data to `[2, 2, 4]` of latents, as stock TFP bijectors do it."""
    links = [
        tfb.Reshape([4, 4, 1], [2, 2, 2, 2]),
        tfb.Transpose([0, 2, 1, 3]),
        tfb.Reshape([2, 2, 2, 2], [2, 2, 4]),
        bijectors.Elementwise(transforms.Affine(), (2, 2, 4)),
    ]
    return bijectors.Chain(links)


def check_names(findings):
    return [finding.check for finding in findings]


@pytest.mark.parametrize(
    ("make", "event_shape"),
    [
        (coupling, (4,)),
        (lambda: coupling(context_shape=(3,)), (4,)),
        (lambda: tfb.Invert(coupling(context_shape=(3,))), (4,)),
        (lambda: bijectors.Chain([tfb.Shift(1.0), coupling(context_shape=(3,))]), (4,)),
        (lambda: tfb.Reshape([2, 3], [6]), (2, 3)),
        (squeeze, (4, 4, 1)),
        (lambda: tfb.Scale(2.0), ()),
        (lambda: tfb.Scale(2.0), (2, 2)),
        (lambda: transforms.Affine().bijector(tf.Variable([[0.2, 0.3], [0.1, 0.0]])), (2,)),
    ],
    ids=[
        "coupling",
        "conditional",
        "inverted conditional",
        "conditional Chain",
        "Reshape",
        "squeeze",
        "scalar event",
        "scalar map on an image",
        "scalar bijector",
    ],
)
def test_valid_bijectors_of_every_kind_pass(make, event_shape):
    findings = testing.assert_valid_bijector(make(), event_shape)
    assert "extreme data stay finite" in check_names(findings)


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (tfb.Exp, np.linspace(0.1, 3, 18).reshape(6, 3)),
        (tfb.Sigmoid, np.linspace(0.05, 0.95, 18).reshape(6, 3)),
        (tfb.Softplus, np.linspace(0.1, 5, 21).reshape(7, 3)),
        (tfb.Exp, [[1, 2, 3]] * 6),
    ],
    ids=["Exp", "Sigmoid", "Softplus", "integers"],
)
def test_restricted_domains_are_checked_on_the_data_given(make, x):
    findings = testing.assert_valid_bijector(make(), (3,), x=x)
    assert "extreme data stay finite" not in check_names(findings)


def test_data_outside_the_domain_fail():
    with pytest.raises(AssertionError, match="FAILED round trip of data: inf"):
        testing.assert_valid_bijector(tfb.Exp(), (3,))


def real_nvp(cast):
    net = nets.MLP((4,))((2,), (2,), 2)

    def shift_and_log_scale(net, x, output_units, **kwargs):
        del output_units, kwargs
        raw = tf.tanh(net(x))
        return tf.split(tf.cast(raw, x.dtype) if cast else raw, 2, axis=-1)

    network = bijectors.KerasNetwork(net, shift_and_log_scale)
    return tfb.RealNVP(num_masked=2, shift_and_log_scale_fn=network)


def test_stock_real_nvp_with_keras_fails_only_by_the_stock_cache():
    with pytest.raises(AssertionError) as caught:
        testing.assert_valid_bijector(real_nvp(cast=True), (4,))
    failed = [line for line in str(caught.value).splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert failed[0].startswith("FAILED stale log dets: ")


@pytest.mark.slow
@pytest.mark.parametrize("cast", [True, False], ids=["any dtype", "float32 alone"])
def test_stock_real_nvp_with_keras_is_valid_in_our_chain(cast):
    testing.assert_valid_bijector(bijectors.Chain([real_nvp(cast)]), (4,))


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16], ids=lambda d: d.name)
def test_a_bijector_that_insists_on_a_dtype_is_checked_in_it(dtype):
    scale = tfb.Scale(tf.constant(2.0, dtype))
    testing.assert_valid_bijector(scale, (3,), x=np.ones([6, 3]), tolerance=0.02)


def test_bijectors_of_integers_are_refused():
    class Flip(tfb.Bijector):
        def __init__(self):
            super().__init__(forward_min_event_ndims=0, dtype=tf.int32, parameters={}, name="flip")

    with pytest.raises(TypeError, match="floating numbers; its dtype is int32"):
        testing.assert_valid_bijector(Flip(), (3,))


@pytest.mark.parametrize("shape", [(5, 3), (6, 4), (6,), (6, 3, 1)], ids=str)
def test_data_must_be_six_events_of_the_shape(shape):
    with pytest.raises(ValueError, match=r"`x` must have shape \[6 or more, \*\(3,\)\]; got"):
        testing.assert_valid_bijector(tfb.Exp(), (3,), x=np.ones(shape))


class Restless(tfb.Bijector):
    """Changes what it holds with every call."""

    def __init__(self, error=None):
        parameters = dict(locals())
        self.error = error
        self.scale = tf.Variable(1 / 3)
        self.count = tf.Variable(0, trainable=False)
        self.trained_integer = tf.Variable(5)
        super().__init__(forward_min_event_ndims=0, parameters=parameters, name="restless")

    def _forward(self, x):
        return x * self.scale

    def _inverse(self, y):
        self.count.assign_add(1)
        if self.error is not None:
            raise self.error
        return y / self.scale

    def _inverse_log_det_jacobian(self, y):
        return -tf.math.log(self.scale) * tf.ones_like(y)


def state(bijector):
    return [variable.numpy().copy() for variable in bijector.variables]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (coupling, None),
        (Restless, AssertionError),
        (lambda: Restless(ValueError("no")), AssertionError),
        (lambda: Restless(KeyboardInterrupt()), KeyboardInterrupt),
    ],
    ids=["passes", "fails", "raises", "is interrupted"],
)
def test_variables_come_back_to_the_last_bit(make, error):
    bijector = make()
    before = state(bijector)
    if error is None:
        testing.assert_valid_bijector(bijector, (4,))
    else:
        with pytest.raises(error):
            testing.assert_valid_bijector(bijector, (4,))
    for value, wanted in zip(state(bijector), before, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_scrambling_moves_every_trainable_variable_and_undoes_it():
    bijector = coupling()
    before = state(bijector)
    with scrambled(bijector, scale=0.3, seed=0):
        for value, wanted in zip(state(bijector), before, strict=True):
            assert np.all(value != wanted)
    for value, wanted in zip(state(bijector), before, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_findings_know_whether_they_are_fine():
    assert testing.Finding("size", 1.0, 1.0).ok
    assert not testing.Finding("size", 1.1, 1.0).ok
    assert not testing.Finding("size", float("nan"), 1.0).ok
    assert not testing.Finding("size", 0.0, 1.0, "ValueError: no").ok
    assert str(testing.Finding("size", 0.5, 1.0)) == "ok     size: 0.5 (at most 1)"
    assert str(testing.Finding("size", 2.0, 1.0)) == "FAILED size: 2 (at most 1)"
