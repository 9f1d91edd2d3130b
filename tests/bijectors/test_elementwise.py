"""A scalar transform on every entry: learned, or told by a context."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, nets, transforms
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject, scrambled

tfd = tfp.distributions
AFFINE = transforms.Affine()


def data(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)


def conditional(event_shape=(3,), context_shape=(2,)):
    net = nets.MLP((4,), zero_init=False)(context_shape, event_shape, 2)
    return bijectors.Elementwise(AFFINE, event_shape, net=net, context_shape=context_shape)


def test_learned_parameters_start_at_the_identity():
    layer, x = bijectors.Elementwise(AFFINE, (2, 3)), data(5, 2, 3)
    assert [tuple(v.shape) for v in layer.trainable_variables] == [(2, 6)]
    np.testing.assert_array_equal(layer.inverse(x), x)
    np.testing.assert_array_equal(layer.inverse_log_det_jacobian(x), np.zeros(5))


@pytest.mark.parametrize("event_shape", [(1,), (3,), (2, 3), (2, 2, 3)], ids=str)
def test_learned_layers_are_right_at_every_rank(event_shape):
    layer = bijectors.Elementwise(AFFINE, event_shape, dtype=tf.float64)
    assert layer.forward_min_event_ndims == len(event_shape)
    x = tf.cast(data(4, *event_shape), tf.float64)
    with scrambled(layer, scale=0.5, seed=0):
        subject = Subject(layer, x, len(event_shape))
        assert values.log_det_against_autodiff(subject) < 1e-10
        assert values.round_trip_of_data(subject) < 1e-12


def test_learned_parameters_are_those_of_their_entry():
    layer = bijectors.Elementwise(AFFINE, (3,))
    layer.trainable_variables[0].assign([1.0, 2.0, 3.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(layer.inverse(tf.zeros([3])), [1, 2, 3])


def test_learned_layers_fit_location_and_scale():
    x = 3 + 0.5 * data(500, 2)
    flow = tfd.TransformedDistribution(
        distributions.standard_normal((2,)), bijectors.Elementwise(AFFINE, (2,))
    )
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(flow.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(x))
        gradients = tape.gradient(loss, flow.trainable_variables)
        optimizer.apply(gradients, flow.trainable_variables)

    for _ in range(200):
        step()
    z = flow.bijector.inverse(x).numpy()
    np.testing.assert_allclose(z.mean(0), [0, 0], atol=0.1)
    np.testing.assert_allclose(z.std(0), [1, 1], atol=0.1)


def test_contexts_alone_decide_the_map():
    layer, x, context = conditional(), data(5, 3), data(5, 2)
    one, other = (layer.inverse(x, context=c) for c in (context, -context))
    assert np.max(np.abs(one - other)) > 0.01
    back = layer.forward(tf.identity(one), context=context)
    np.testing.assert_allclose(back, x, rtol=1e-4, atol=1e-5)
    assert len(layer.trainable_variables) == 4


@pytest.mark.parametrize("batch", [(), (5,), (2, 5)], ids=str)
@pytest.mark.parametrize("context_shape", [(), (2,), (2, 3)], ids=str)
def test_contexts_of_every_rank_broadcast(batch, context_shape):
    layer = conditional(context_shape=context_shape)
    z = layer.inverse(data(*batch, 3), context=data(*context_shape))
    assert z.shape == (*batch, 3)
    log_det = layer.inverse_log_det_jacobian(data(*batch, 3), context=data(*context_shape))
    assert log_det.shape == batch


def test_images_are_conditional_too():
    layer = conditional(event_shape=(2, 2, 3), context_shape=(4,))
    assert layer.inverse(data(5, 2, 2, 3), context=data(5, 4)).shape == (5, 2, 2, 3)


def test_float64_events_keep_their_dtype():
    layer = bijectors.Elementwise(AFFINE, (3,))
    z, log_det = layer.inverse_and_log_det(tf.cast(data(5, 3), tf.float64))
    assert z.dtype == log_det.dtype == tf.float64


def test_mixed_and_chained_layers_share_one_context():
    chain = bijectors.Chain([conditional(), bijectors.Elementwise(AFFINE, (3,))])
    assert chain.context_shape == (2,)
    assert chain.inverse(data(5, 3), context=data(2)).shape == (5, 3)


def test_single_numbers_need_an_axis():
    with pytest.raises(ValueError, match=r"`event_shape` must have rank 1 or more; got \(\)"):
        bijectors.Elementwise(AFFINE, ())


def test_a_context_needs_a_net():
    with pytest.raises(ValueError, match=r"`net` must be given to read contexts of shape \(2,\)"):
        bijectors.Elementwise(AFFINE, (3,), context_shape=(2,))


class Constant(tf.Module):
    """A net without inputs: one row of parameters for all events."""

    def __init__(self):
        super().__init__()
        self.raw = tf.Variable([[1.0, 2.0, 3.0, 0.0, 0.0, 0.0]])

    def __call__(self):
        return 2 * self.raw


def test_a_net_without_a_context_gives_parameters_for_all():
    layer = bijectors.Elementwise(AFFINE, (3,), net=Constant())
    assert layer.context_shape is None
    assert [v.shape for v in layer.trainable_variables] == [(1, 6)]
    for batch in [(), (5,), (2, 5)]:
        x = tf.zeros([*batch, 3])
        z, log_det = layer.inverse(x), layer.inverse_log_det_jacobian(x)
        np.testing.assert_array_equal(z, np.broadcast_to([2, 4, 6], [*batch, 3]))
        assert log_det.shape == batch
    with pytest.raises(ValueError, match="`context` must not be given: `elementwise`"):
        layer.inverse(tf.zeros([5, 3]), context=tf.ones([5, 2]))


def test_a_net_of_another_width_is_told():
    with pytest.raises(
        ValueError, match=r"must put out shape \(1, 6\), 2 numbers .*; got \(1, 5\)"
    ):
        bijectors.Elementwise(AFFINE, (3,), net=keras.layers.Dense(5), context_shape=(2,))


def test_a_factory_is_no_net():
    with pytest.raises(TypeError, match="A factory has to be called with shapes first"):
        bijectors.Elementwise(AFFINE, (3,), net=nets.MLP(), context_shape=(2,))


def test_a_closure_over_layers_is_refused():
    layer = keras.layers.Dense(6)
    with pytest.raises(ValueError, match="reads variables that its bijector cannot see"):
        bijectors.Elementwise(AFFINE, (3,), net=lambda c: layer(2 * c), context_shape=(2,))


def test_a_transform_of_another_kind_is_told():
    with pytest.raises(TypeError, match="`transform` must be a ScalarTransform; got"):
        bijectors.Elementwise(transforms.TanhScale(), (3,))


@pytest.mark.parametrize("shape", [(5, 4), (3, 1), ()], ids=str)
def test_events_of_another_shape_are_told(shape):
    with pytest.raises(ValueError, match=r"must be given events of shape \(3,\); got"):
        bijectors.Elementwise(AFFINE, (3,)).inverse(tf.ones(shape))


def test_a_missing_or_unwanted_context_is_told():
    with pytest.raises(ValueError, match="`context` must be given: `elementwise`"):
        conditional().inverse(data(5, 3))
    with pytest.raises(ValueError, match="`context` must not be given: `elementwise`"):
        bijectors.Elementwise(AFFINE, (3,)).inverse(data(5, 3), context=data(5, 2))


def test_integers_are_told():
    with pytest.raises(TypeError, match="`elementwise` must be given floating numbers"):
        bijectors.Elementwise(AFFINE, (3,)).inverse(tf.constant([1, 2, 3]))
