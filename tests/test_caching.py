"""Field guide 1.7: stale log-dets (T1), tensors between graphs (T2), dead gradients (T3), leaks."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, partitions, transforms
from tfp_flows.caching import entries_of_this_graph

tfb, tfd = tfp.bijectors, tfp.distributions
HALVES = partitions.Halves()


class Net(tf.Module):
    """Plain TensorFlow: quick in eager mode."""

    def __init__(self, num_inputs):
        super().__init__()
        values = np.random.default_rng(num_inputs).normal(size=(num_inputs, 4))
        self.kernel = tf.Variable(tf.constant(values, tf.float32))

    def __call__(self, *known):
        return tf.tanh(tf.concat(known, axis=-1) @ self.kernel)


def coupling(partition=HALVES, context_shape=None):
    net = Net(2 if context_shape is None else 2 + context_shape[0])
    return bijectors.Coupling(partition, transforms.Affine(), net, context_shape=context_shape)


def couplings():
    return [coupling(), coupling(HALVES.flipped())]


def stock_links():
    return [tfb.Scale(tf.Variable(1.5)), tfb.ScaleMatvecDiag(tf.Variable([0.5, 2.0, 1.0, 3.0]))]


def elementwise():
    layer = bijectors.Elementwise(transforms.Affine(), (4,))
    layer.trainable_variables[0].assign(tf.linspace(-1.0, 1.0, 8))
    return layer


def scalar():
    raw = tf.Variable(tf.reshape(tf.linspace(-1.0, 1.0, 8), [4, 2]))
    return transforms.Affine().bijector(raw)


OURS = {
    "coupling": coupling,
    "scalar bijector": scalar,
    "nested Chains": lambda: bijectors.Chain(
        [scalar(), bijectors.Chain(couplings()), tfb.Invert(bijectors.Chain([coupling()]))]
    ),
}
HELD = {
    **OURS,
    "stock between ours": lambda: bijectors.Chain([coupling(), *stock_links(), elementwise()]),
    "stock in nested Chains": lambda: bijectors.Chain([bijectors.Chain(stock_links())]),
}
ALL = {
    **HELD,
    "ours in tfb.Chain": lambda: tfb.Chain([*couplings(), scalar()]),
    "ours in tfb.Invert": lambda: tfb.Invert(coupling()),
    "our Chain in tfb.Chain of tfb.Invert": lambda: tfb.Chain(
        [tfb.Invert(bijectors.Chain([*couplings(), *stock_links()])), elementwise()]
    ),
}


def flow_of(bijector):
    return tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), 4), bijector)


def make(name):
    return flow_of(ALL[name]())


def data(batch=3):
    return tf.constant(np.random.default_rng(0).normal(size=(batch, 4)), tf.float32)


def move(flow):
    for variable in flow.trainable_variables:
        variable.assign(1.1 * variable + 0.2)


def fresh(flow, x):
    return flow.log_prob(tf.identity(x))


@pytest.fixture(params=ALL)
def flow(request):
    return make(request.param)


@pytest.fixture(params=HELD)
def held(request):
    return make(request.param)


# T1: a log-det that is older than the variables.


def test_stock_tfp_still_gives_stale_log_dets():
    flow, x = flow_of(tfb.ScaleMatvecDiag(tf.Variable([0.5, 2.0, 1.0, 3.0]))), data()
    flow.log_prob(x)
    move(flow)
    assert np.max(np.abs(flow.log_prob(x) - fresh(flow, x))) > 0.1, "T1 is cured upstream: tell it"


def test_density_of_the_same_tensor_follows_the_variables(flow):
    x = data()
    before = flow.log_prob(x)
    move(flow)
    assert np.max(np.abs(fresh(flow, x) - before)) > 0.05
    np.testing.assert_array_equal(flow.log_prob(x), fresh(flow, x))


@pytest.mark.parametrize("method", ["forward_log_det_jacobian", "inverse_log_det_jacobian"])
def test_log_det_of_the_same_tensor_follows_the_variables(flow, method):
    log_det, x = getattr(flow.bijector, method), data()
    before = log_det(x, event_ndims=1)
    move(flow)
    wanted = log_det(tf.identity(x), event_ndims=1)
    assert np.max(np.abs(wanted - before)) > 0.05
    np.testing.assert_array_equal(log_det(x, event_ndims=1), wanted)


def test_full_batch_training_in_eager_mode_sees_every_step(flow):
    def step(x):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(x))
        return loss, tape.gradient(loss, flow.trainable_variables)

    x = data()
    for _ in range(3):
        loss, gradients = step(x)
        wanted, wanted_gradients = step(tf.identity(x))
        assert loss.numpy() == wanted.numpy()
        for gradient, wanted_gradient in zip(gradients, wanted_gradients, strict=True):
            np.testing.assert_array_equal(gradient, wanted_gradient)
        for variable, gradient in zip(flow.trainable_variables, gradients, strict=True):
            variable.assign_sub(0.01 * gradient)


def test_density_follows_a_restored_checkpoint(flow, tmp_path):
    x = data()
    wanted = fresh(flow, x)
    path = tf.train.Checkpoint(flow=flow).save(str(tmp_path / "ckpt"))
    move(flow)
    assert np.max(np.abs(flow.log_prob(x) - wanted)) > 0.05
    tf.train.Checkpoint(flow=flow).restore(path).assert_consumed()
    np.testing.assert_array_equal(flow.log_prob(x), wanted)


# T1b: what stays as in TFP.


def test_a_latent_that_is_still_held_comes_back_as_it_was():
    bijector, x = make("nested Chains").bijector, data()
    z = bijector.inverse(x)
    move(bijector)
    assert bijector.inverse(x) is z
    stale = z.numpy()
    del z
    assert np.max(np.abs(bijector.inverse(x) - stale)) > 0.05


def test_round_trips_are_free_and_exact_while_the_result_lives():
    bijector, z = make("nested Chains").bijector, data()
    assert bijector.inverse(bijector.forward(z)) is z
    assert bijector.forward(bijector.inverse(z)) is z


def test_a_map_that_changes_nothing_still_has_two_ends():
    empty, x = bijectors.Chain([]), data()
    z = empty.inverse(x)
    assert z is not x
    assert empty.forward(z) is x


# T2: results of one graph in another.


def test_stock_tfp_still_leaks_between_graphs():
    flow = flow_of(tfb.Scale(tf.Variable(2.0)))

    @tf.function
    def densities(x):
        inside = tf.cond(
            tf.reduce_all(x < 9), lambda: flow.log_prob(x), lambda: tf.zeros_like(x[:, 0])
        )
        return inside, flow.log_prob(x)

    with pytest.raises(Exception, match="out of scope"):
        densities(data())


def test_density_in_a_cond_does_not_reach_outside(held):
    @tf.function
    def densities(x):
        inside = tf.cond(
            tf.reduce_all(x < 9), lambda: held.log_prob(x), lambda: tf.zeros_like(x[:, 0])
        )
        return inside, held.log_prob(x)

    for value in densities(data()):
        np.testing.assert_allclose(value, fresh(held, data()), rtol=1e-5, atol=1e-5)


def test_density_in_a_loop_does_not_reach_outside(held):
    @tf.function
    def densities(x):
        def body(i, total):
            return i + 1, total + held.log_prob(x)

        _, inside = tf.while_loop(lambda i, _: i < 2, body, (0, tf.zeros_like(x[:, 0])))
        return inside / 2, held.log_prob(x)

    for value in densities(data()):
        np.testing.assert_allclose(value, fresh(held, data()), rtol=1e-5, atol=1e-5)


def test_density_in_a_nested_function_does_not_reach_outside(held):
    @tf.function
    def densities(x):
        inside = tf.function(lambda: held.log_prob(x))()
        return inside, held.log_prob(x)

    for value in densities(data()):
        np.testing.assert_allclose(value, fresh(held, data()), rtol=1e-5, atol=1e-5)


def test_density_from_before_a_cond_is_right_inside():
    held = make("stock between ours")

    @tf.function
    def densities(x):
        before = held.log_prob(x)
        inside = tf.cond(tf.reduce_all(x < 9), lambda: held.log_prob(x), lambda: before)
        return before, inside

    for value in densities(data()):
        np.testing.assert_allclose(value, fresh(held, data()), rtol=1e-5, atol=1e-5)


def test_eager_data_closed_over_by_a_function_stay_usable_outside():
    held, x = make("stock between ours"), data()
    inside = tf.function(lambda: held.log_prob(x))()
    for value in (inside, held.log_prob(x)):
        np.testing.assert_allclose(value, fresh(held, x), rtol=1e-5, atol=1e-5)


def test_keras_build_leaves_nothing_behind():
    held = make("stock between ours")

    class LogProb(keras.layers.Layer):
        def call(self, x):
            return held.log_prob(x)

    x = data()
    inputs = keras.Input((4,))
    model = keras.Model(inputs, LogProb()(inputs))
    model.compile(loss=lambda _, log_prob: -log_prob)
    for value in (model(x), held.log_prob(x)):
        np.testing.assert_allclose(value, fresh(held, x), rtol=1e-5, atol=1e-5)


# T3: results from before a gradient tape.


@pytest.mark.parametrize("method", ["forward_log_det_jacobian", "inverse_log_det_jacobian"])
def test_log_det_from_before_a_tape_does_not_stop_gradients(flow, method):
    def gradients(x):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(getattr(flow.bijector, method)(x, event_ndims=1) ** 2)
        return tape.gradient(total, flow.trainable_variables)

    x = data()
    getattr(flow.bijector, method)(x, event_ndims=1)
    for gradient, wanted in zip(gradients(x), gradients(tf.identity(x)), strict=True):
        assert (gradient is None) == (wanted is None)
        if wanted is not None:
            np.testing.assert_array_equal(gradient, wanted)
    assert any(gradient is not None for gradient in gradients(x))


def test_density_from_before_a_tape_does_not_stop_gradients(flow):
    x = data()
    flow.log_prob(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(flow.log_prob(x))
    assert all(gradient is not None for gradient in tape.gradient(loss, flow.trainable_variables))


# Leaks.


def sizes():
    return len(entries_of_this_graph()), len(tfb.Bijector._cache.storage)


@pytest.mark.parametrize("same", [True, False], ids=["same data", "new data"])
def test_eager_calls_leave_nothing_behind(held, same):
    x = data()
    held.log_prob(x)
    before = sizes()
    for _ in range(200 if same and held.bijector.name == "scalar_bijector" else 10):
        held.log_prob(x if same else tf.identity(x))
    assert sizes() == before


def test_many_contexts_of_the_same_data_leave_nothing_behind():
    flow, x = flow_of(bijectors.Chain([coupling(context_shape=(3,))])), data()
    contexts = [tf.ones([3]) * i for i in range(20)]
    before, alive = sizes(), [weakref.ref(context) for context in contexts]
    for context in contexts:
        flow.log_prob(x, bijector_kwargs={"context": context})
        flow.bijector.inverse_log_det_jacobian(x, context=context)
    del context, contexts
    assert sizes() == before
    assert not any(ref() is not None for ref in alive)


def test_results_of_different_contexts_are_kept_apart():
    bijector, x = coupling(context_shape=(3,)), data()
    contexts = [tf.ones([3]), -tf.ones([3])]
    latents = [bijector.inverse(x, context=context) for context in contexts]
    assert np.max(np.abs(latents[0] - latents[1])) > 1e-3
    for context, z in zip(contexts, latents, strict=True):
        assert bijector.inverse(x, context=context) is z
        assert bijector.forward(z, context=context) is x


@pytest.mark.parametrize("name", [*OURS, "ours in tfb.Invert"])
@pytest.mark.parametrize("closed_over", [True, False], ids=["x closed over", "x passed"])
def test_graphs_and_data_die_with_their_function(name, closed_over):
    flow, box, graphs = make(name), [data()], []

    def density(argument):
        graphs.append(weakref.ref(tf.compat.v1.get_default_graph()))
        return flow.log_prob(box[0] if closed_over else argument)

    function = tf.function(density)
    function(data())
    del function, density
    gc.collect()
    assert graphs[0]() is None
    alive = weakref.ref(box.pop())
    gc.collect()
    assert alive() is None


def test_a_bijector_dies_with_its_last_result():
    bijector, x = coupling(), data()
    alive, z = weakref.ref(bijector), bijector.inverse(x)
    del bijector, z
    assert alive() is None


def test_a_long_orbit_can_be_dropped():
    bijector = transforms.Additive().bijector([0.5])
    before, x = len(entries_of_this_graph()), tf.constant(0.0)
    for _ in range(1200):
        x = bijector.forward(x)
    assert float(x) == -600
    del x
    assert len(entries_of_this_graph()) == before
