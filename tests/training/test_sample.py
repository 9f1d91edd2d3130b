"""`FlowModel.sample`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import nets

tfd = tfp.distributions


def _model(context_shape=None):
    net = nets.MLP((4,), zero_init=False)
    flow = tfp_flows.flows.coupling_flow(
        (2,), num_couplings=2, net=net, context_shape=context_shape
    )
    return tfp_flows.FlowModel(flow)


@pytest.mark.parametrize("n", [0, 1, 7, np.int64(7), tf.constant(7), np.array(7)])
def test_samples_have_the_shape_of_n_events(n):
    samples = _model().sample(n)
    assert samples.shape == (int(n), 2)
    assert samples.dtype == tf.float32


def test_a_seed_gives_the_same_events_and_none_gives_others():
    model = _model()
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, seed=np.int64(3)))
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, seed=[0, 3]))
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, tf.constant([0, 3])))
    seeds = [0, 1, -1, 2**31, 2**40, None, None]
    draws = [model.sample(5, seed=seed).numpy() for seed in seeds]
    assert len({draw.tobytes() for draw in draws}) == len(seeds)
    keras.utils.set_random_seed(1)
    first = model.sample(5)
    keras.utils.set_random_seed(1)
    np.testing.assert_array_equal(model.sample(5), first)


def test_samples_are_those_of_the_distribution_also_after_training():
    model = _model()
    model.compile(keras.optimizers.SGD(0.1))
    before = model.sample(9, seed=1)
    model.fit(np.ones([8, 2], "float32"), verbose=0)
    after = model.sample(9, seed=1)
    assert np.abs(after - before).max() > 1e-4
    wanted = model.distribution.sample(9, seed=tf.constant([0, 1]))
    np.testing.assert_allclose(after, wanted, rtol=1e-5)


def test_contexts_give_one_event_each():
    model = _model(context_shape=(3,))
    context = np.random.default_rng(0).normal(size=(6, 3))
    samples = model.sample(6, seed=1, context=context)
    assert samples.shape == (6, 2)
    other = model.sample(6, seed=1, context=np.roll(context, 1, axis=0))
    assert np.abs(samples - other).max() > 1e-4
    alone = [model.sample(6, seed=1, context=context[[i] * 6])[i] for i in range(6)]
    np.testing.assert_allclose(alone, samples, rtol=1e-5)
    # One context for all.
    np.testing.assert_allclose(model.sample(6, 1, context[2])[2], samples[2], rtol=1e-5)


@pytest.mark.parametrize(
    ("context_shape", "arguments", "error", "match"),
    [
        (None, {"n": -1}, ValueError, "`n` must be at least 0; got -1"),
        (None, {"n": 2.0}, TypeError, "`n` must be an integer; got 2.0"),
        (None, {"n": (2, 3)}, TypeError, r"`n` must be an integer; got \(2, 3\)"),
        (None, {"n": 2, "seed": 0.5}, TypeError, "`seed` must be an integer; got 0.5"),
        (None, {"n": 2, "seed": "a"}, TypeError, "`seed` must be an integer; got 'a'"),
        (None, {"n": 2, "context": np.ones([2, 3])}, ValueError, "`context` must not be given"),
        ((3,), {"n": 2}, ValueError, "`context` must be given"),
        ((3,), {"n": 2, "context": np.ones([4, 3])}, ValueError, r"\(2,\) of the events; got"),
        ((3,), {"n": 2, "context": np.ones([2, 4])}, ValueError, r"`context` must have shape"),
    ],
)
def test_bad_arguments_are_named(context_shape, arguments, error, match):
    with pytest.raises(error, match=match):
        _model(context_shape).sample(**arguments)


def test_numbers_and_seeds_are_not_traced_anew():
    model = _model()
    for n in range(1, 6):
        model.sample(n, seed=n)
        model.sample(n)
    assert model._draw.experimental_get_tracing_count() == 1


def test_stock_distributions_and_float64_are_sampled_too():
    model = tfp_flows.FlowModel(tfd.Poisson(log_rate=tf.Variable(np.float64(0.5))))
    assert model.sample(4).dtype == tf.float64
    assert tfp_flows.FlowModel(tfd.Categorical(logits=tf.Variable([0.0, 1.0]))).sample(3).shape == 3
