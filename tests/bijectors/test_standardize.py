"""Fixed shift and scale."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, flows, nets
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject

MEAN, STD = (10.0, -1.0, 0.0), (2.0, 0.5, 30.0)
SMALL = nets.MLP(hidden=(8,))


def rows(size=5, dtype="float64"):
    z = np.random.default_rng(0).normal(size=(size, 3))
    return tf.constant(z * STD + MEAN, dtype)


def test_formula():
    z, log_det = bijectors.Standardize(MEAN, STD, dtype=tf.float64).inverse_and_log_det(rows())
    np.testing.assert_allclose(z, (rows() - np.array(MEAN)) / STD, rtol=1e-12)
    np.testing.assert_allclose(log_det, -np.log(STD).sum(), rtol=1e-12)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (3, 1)])
def test_log_det_and_round_trip(shape):
    layer = bijectors.Standardize(np.reshape(MEAN, shape), np.reshape(STD, shape), dtype=tf.float64)
    assert layer.event_shape == shape
    subject = Subject(layer, tf.reshape(rows(), (5, *shape)), len(shape))
    assert values.log_det_against_autodiff(subject) < 1e-9
    assert values.round_trip_of_data(subject) < 1e-9


def test_gives_densities_in_the_units_of_the_data():
    normal = tfp.distributions.MultivariateNormalDiag(tf.zeros(3, tf.float64))
    layer = bijectors.Standardize(MEAN, STD, dtype=tf.float64)
    ours = tfp.distributions.TransformedDistribution(normal, layer)
    wanted = tfp.distributions.MultivariateNormalDiag(np.array(MEAN), np.array(STD))
    np.testing.assert_allclose(ours.log_prob(rows()), wanted.log_prob(rows()), rtol=1e-12)


def test_its_variables_are_saved_and_not_trained(tmp_path):
    layer, other = (bijectors.Standardize(MEAN, std) for std in (STD, (1.0, 1.0, 1.0)))
    assert len(layer.variables) == 2
    assert not layer.trainable_variables
    path = tf.train.Checkpoint(layer=layer).write(str(tmp_path / "layer"))
    tf.train.Checkpoint(layer=other).read(path).assert_consumed()
    x = rows(dtype="float32")
    np.testing.assert_array_equal(layer.inverse(x), other.inverse(x))


@pytest.mark.parametrize(
    ("mean", "std", "match"),
    [
        (1.0, 2.0, r"rank 1 or more; got \(\), \(\)"),
        ([1.0, 2.0], [1.0], r"one shape.*got \(2,\), \(1,\)"),
        ([1.0, np.nan], [1.0, 1.0], r"`mean` must be finite; got nan at \[1\]"),
        ([1.0, 2.0], [1.0, 0.0], r"finite and positive, at least 1.2e-38; got 0.0 at \[1\]"),
        ([1.0, 2.0], [1.0, 1e-39], r"at least 1.2e-38; got 1\.0\d*e-39 at \[1\]"),
        ([1.0, 2.0], [-1.0, 1.0], r"positive, .*; got -1.0 at \[0\]"),
        ([1.0, 2.0], [np.inf, 1.0], r"positive, .*; got inf at \[0\]"),
    ],
)
def test_refuses_other_numbers(mean, std, match):
    with pytest.raises(ValueError, match=match):
        bijectors.Standardize(mean, std)


def test_refuses_events_of_another_shape():
    with pytest.raises(ValueError, match=r"events of shape \(3,\); got \(5, 2\)"):
        bijectors.Standardize(MEAN, STD).inverse(tf.ones([5, 2]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_starts_a_coupling_flow(dtype):
    flow = flows.coupling_flow(
        (3,), num_couplings=2, net=nets.MLP((8,), dtype=dtype), standardize=(MEAN, STD), dtype=dtype
    )
    # Couplings start as the identity.
    normal = tfp.distributions.MultivariateNormalDiag(np.array(MEAN, dtype), np.array(STD, dtype))
    x = rows(dtype=dtype)
    np.testing.assert_allclose(flow.log_prob(x), normal.log_prob(x), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Of Keras.
@pytest.mark.parametrize("given", [(MEAN, STD), (list(MEAN), list(STD)), np.array([MEAN, STD])])
def test_is_saved_with_the_flow(tmp_path, given):
    flow = flows.coupling_flow((3,), num_couplings=2, net=SMALL, standardize=given)
    tfp_flows.FlowModel(flow).save(tmp_path / "rows.keras")
    again = keras.saving.load_model(tmp_path / "rows.keras").distribution
    x = rows(dtype="float32")
    np.testing.assert_allclose(again.log_prob(x), flow.log_prob(x), rtol=1e-6)


def test_a_flow_refuses_numbers_that_do_not_fit():
    with pytest.raises(ValueError, match=r"hold numbers for \(2,\); got \(3,\)"):
        flows.coupling_flow((2,), net=SMALL, standardize=(MEAN, STD))
    with pytest.raises(ValueError, match="without `logit_alpha`; got both"):
        flows.coupling_flow((3,), net=SMALL, standardize=(MEAN, STD), logit_alpha=0.1)
    for junk in MEAN, np.ones([]):
        with pytest.raises(ValueError, match="`standardize` must be a pair"):
            flows.coupling_flow((3,), net=SMALL, standardize=junk)


@pytest.mark.parametrize(
    "junk", ["x", {}, pytest.param(object(), id="object"), ["a", "b"]], ids=str
)
def test_what_is_no_number_is_named(junk):
    with pytest.raises((TypeError, ValueError), match="`mean` must hold numbers; got"):
        bijectors.Standardize(junk, [1.0])
    with pytest.raises((TypeError, ValueError), match="`std` must hold numbers; got"):
        bijectors.Standardize([1.0], junk)
    with pytest.raises(ValueError, match="`standardize` must be a pair"):
        flows.coupling_flow((2,), standardize=3)
