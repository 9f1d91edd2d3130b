"""A scalar transform as TFP sees it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.transforms import Additive, Affine, ExpScale, SigmoidScale

tfb, tfd = tfp.bijectors, tfp.distributions
TRANSFORMS = [Additive(), Affine(), Affine(ExpScale()), Affine(SigmoidScale())]


@pytest.fixture(params=TRANSFORMS, ids=str)
def transform(request):
    return request.param


def members(transform, batch=(3,)):
    shape = (*batch, transform.num_params)
    return tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)


def test_batch_shape_is_that_of_the_members(transform):
    for batch in [(), (3,), (2, 3)]:
        bijector = transform.bijector(members(transform, batch))
        assert bijector.experimental_batch_shape() == batch
        assert bijector.forward_min_event_ndims == 0
        assert bijector.forward(tf.constant(1.0)).shape == batch


def test_each_member_is_its_own_map(transform):
    raw = members(transform)
    together = transform.bijector(raw)
    x = tf.constant([0.3, -1.0, 2.0])
    for i in range(3):
        alone = transform.bijector(raw[i])
        np.testing.assert_allclose(together.inverse(x)[i], alone.inverse(x[i]), rtol=1e-6)
        np.testing.assert_allclose(
            together.inverse_log_det_jacobian(x)[i],
            alone.inverse_log_det_jacobian(x[i]),
            rtol=1e-6,
        )


@pytest.mark.parametrize("shape", [(), (3,), (1,), (5, 3), (5, 1), (2, 5, 3)], ids=str)
def test_values_broadcast_against_the_members(transform, shape):
    bijector = transform.bijector(members(transform))
    wanted = np.broadcast_shapes(shape, (3,))
    x = tf.ones(shape)
    for method in (bijector.forward, bijector.inverse):
        assert method(x).shape == wanted
    for method in (bijector.forward_log_det_jacobian, bijector.inverse_log_det_jacobian):
        # As in TFP, a log-det may be that of the members alone.
        assert np.broadcast_shapes(method(x).shape, wanted) == wanted
    if shape[-1:] == (3,):
        total = bijector.inverse_log_det_jacobian(x, event_ndims=1)
        each = np.broadcast_to(bijector.inverse_log_det_jacobian(x), wanted)
        np.testing.assert_allclose(np.broadcast_to(total, wanted[:-1]), each.sum(-1), rtol=1e-5)


def test_values_broadcast_in_a_function_of_unknown_batch(transform):
    bijector = transform.bijector(members(transform))

    @tf.function(input_signature=[tf.TensorSpec([None, 1])])
    def both(x):
        return bijector.inverse(x), bijector.inverse_log_det_jacobian(x)

    z, log_det = both(tf.ones([4, 1]))
    np.testing.assert_allclose(z, bijector.inverse(tf.ones([4, 3])), rtol=1e-6)
    wanted = bijector.inverse_log_det_jacobian(tf.ones([4, 3]))
    np.testing.assert_allclose(*np.broadcast_arrays(log_det, wanted), rtol=1e-6)


def test_round_trip_and_log_det_signs(transform):
    bijector, z = transform.bijector(members(transform)), tf.constant([0.5, -1.0, 2.0])
    x = bijector.forward(z)
    np.testing.assert_allclose(bijector.inverse(tf.identity(x)), z, rtol=1e-5)
    np.testing.assert_allclose(
        bijector.forward_log_det_jacobian(tf.identity(z)),
        -bijector.inverse_log_det_jacobian(tf.identity(x)),
        rtol=1e-5,
    )


def test_log_det_is_that_of_tfp_autodiff(transform):
    bijector, x = transform.bijector(members(transform)), tf.constant([0.5, -1.0, 2.0])
    slope = tfp.math.value_and_gradient(bijector.inverse, x)[1]
    np.testing.assert_allclose(bijector.inverse_log_det_jacobian(x), np.log(slope), atol=1e-6)


def test_cdf_and_quantile_of_a_transformed_distribution_agree(transform):
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), transform.bijector(members(transform)))
    assert flow.batch_shape == (3,)
    levels = tf.constant([0.1, 0.5, 0.9])[:, None]
    quantiles = tf.identity(flow.quantile(levels))
    assert quantiles.shape == (3, 3)
    np.testing.assert_allclose(flow.cdf(quantiles), np.broadcast_to(levels, [3, 3]), rtol=1e-5)
    np.testing.assert_allclose(
        flow.survival_function(quantiles), 1 - np.broadcast_to(levels, [3, 3]), rtol=1e-5
    )
    assert np.all(np.diff(quantiles, axis=0) > 0)


def test_density_is_the_slope_of_the_cdf():
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), Affine().bijector([0.4, -0.6]))
    x = tf.constant([-1.0, 0.2, 3.0])
    slope = tfp.math.value_and_gradient(flow.cdf, x)[1]
    np.testing.assert_allclose(flow.prob(x), slope, rtol=1e-5)


def test_dtype_is_that_of_the_parameters(transform):
    raw = tf.cast(members(transform), tf.float64)
    bijector = transform.bijector(raw)
    assert bijector.dtype == tf.float64
    assert bijector.forward(1.0).dtype == tf.float64
    assert bijector.inverse_log_det_jacobian(1.0).dtype == tf.float64
    with pytest.raises((TypeError, ValueError)):
        bijector.forward(tf.constant(1.0, tf.float32))


@pytest.mark.parametrize(
    "make",
    [
        tf.Variable,
        keras.Variable,
        lambda raw: tfp.util.DeferredTensor(tf.Variable(raw), lambda v: v),
    ],
    ids=["tf.Variable", "keras.Variable", "DeferredTensor"],
)
def test_parameters_that_can_be_trained_are_trained(make):
    bijector = Affine().bijector(make([[0.5, 0.1], [0.2, 0.3]]))
    assert bijector.experimental_batch_shape() == (2,)
    (variable,) = bijector.trainable_variables
    x = tf.constant([1.0, 2.0])
    before = bijector.inverse(x).numpy()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(bijector.inverse(tf.identity(x)))
    assert np.all(np.abs(tape.gradient(total, variable)) > 0)
    variable.assign(2 * variable)
    assert np.all(np.abs(bijector.inverse(tf.identity(x)) - before) > 0.01)


def test_members_can_be_sliced_and_copied(transform):
    raw, x = members(transform), tf.constant(0.7)
    bijector = transform.bijector(raw)
    np.testing.assert_allclose(bijector[1].forward(x), bijector.forward(x)[1])
    np.testing.assert_allclose(bijector.copy().forward(x), bijector.forward(x))
    other = bijector.copy(raw=2 * raw)
    assert np.any(np.abs(other.forward(x) - bijector.forward(x)) > 0.01)
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), bijector)
    np.testing.assert_allclose(flow[1].log_prob(x), flow.log_prob(x)[1], rtol=1e-6)


def test_equal_members_are_equal_and_hashable(transform):
    raw = members(transform)
    assert transform.bijector(raw) == transform.bijector(raw)
    assert hash(transform.bijector(raw)) == hash(transform.bijector(raw))
    assert transform.bijector(raw) != transform.bijector(raw + 1)
    variable = tf.Variable(raw)
    assert transform.bijector(variable) == transform.bijector(variable)
    assert transform.bijector(variable) != transform.bijector(tf.Variable(raw))


def test_it_composes_with_stock_bijectors():
    bijector = tfb.Chain([tfb.Softplus(), tfb.Invert(Affine().bijector([0.3, 0.2])), tfb.Exp()])
    x = tf.constant([0.9, 2.0])
    z = bijector.inverse(x)
    np.testing.assert_allclose(bijector.forward(tf.identity(z)), x, rtol=1e-5)
    slope = tfp.math.value_and_gradient(bijector.inverse, tf.identity(x))[1]
    np.testing.assert_allclose(bijector.inverse_log_det_jacobian(x), np.log(slope), rtol=1e-4)


@pytest.mark.parametrize("raw", [0.5, [0.5], [[0.5, 0.1, 0.2]]], ids=str)
def test_the_last_axis_holds_the_parameters(raw):
    with pytest.raises(ValueError, match=r"`raw` must have 2 numbers on its last axis .*got shape"):
        Affine().bijector(raw)


def test_parameters_are_floating():
    with pytest.raises(TypeError, match="`raw` must hold floating numbers; got dtype int32"):
        Affine().bijector([1, 0])
