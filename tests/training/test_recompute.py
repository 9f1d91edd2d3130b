"""Flows that recompute train as plain ones: `fit`, replicas, files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, flows, nets, training, transforms
from tfp_flows.flows.recipe import recipe_of
from tfp_flows.nets.backend import under_policy

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
IMAGE = (4, 4, 1)
X = np.random.default_rng(0).uniform(size=(16, *IMAGE)).astype(np.float32)
CONTEXT = np.random.default_rng(1).normal(size=(16, 2)).astype(np.float32)
DROPPING = nets.FlowPPNet(4, 1, num_heads=2, dropout=0.5)
FLOWS = {
    "glow": lambda **kwargs: flows.glow(IMAGE, num_levels=2, num_steps=2, filters=4, **kwargs),
    "realnvp": lambda **kwargs: flows.realnvp(
        IMAGE, num_levels=1, filters=2, num_blocks=1, **kwargs
    ),
    "flowpp": lambda **kwargs: flows.flowpp(
        IMAGE,
        couplings=((0, 2),),
        net=DROPPING,
        transform=transforms.LogisticMixture(2),
        **kwargs,
    ),
    "coupling_flow": lambda **kwargs: flows.coupling_flow(
        IMAGE, num_couplings=2, net=nets.ConvResNet(4, 1, dropout=0.5), **kwargs
    ),
    "nice": lambda **kwargs: flows.nice(IMAGE, net=nets.MLP((8,)), **kwargs),
}


def weights_after_fit(name, recompute, strategy, policy="float32", **compiling):
    keras.utils.set_random_seed(0)
    with strategy.scope(), under_policy(policy):
        model = FlowModel(FLOWS[name](context_shape=(2,), recompute=recompute))
        optimizer = keras.optimizers.SGD(1e-3)
        if policy == "mixed_float16":  # Of a scale at which no step overflows and is left out.
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)
        model.compile(optimizer, **compiling)
    data = tf.data.Dataset.from_tensor_slices((X, CONTEXT)).batch(8)
    model.fit(data, epochs=1, verbose=0)
    assert getattr(optimizer, "inner_optimizer", optimizer).iterations.numpy() == 2
    return [np.asarray(weight) for weight in model.get_weights()]


def assert_trains_alike(name, recompute, strategy, **options):
    plain, again = (
        weights_after_fit(name, mode, strategy, **options) for mode in (None, recompute)
    )
    for one, other in zip(again, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("recompute", ["inverse", "checkpoint"])
@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.slow
def test_fit_ends_with_the_weights_of_a_plain_flow(name, recompute):
    assert_trains_alike(name, recompute, tf.distribute.get_strategy())


@pytest.mark.slow
def test_fit_with_dropout_ends_with_the_weights_of_a_plain_flow():
    assert_trains_alike("coupling_flow", "inverse", tf.distribute.get_strategy())


@pytest.mark.slow
def test_fit_with_xla_ends_with_the_weights_of_a_plain_flow():
    assert_trains_alike("glow", "inverse", tf.distribute.get_strategy(), jit_compile=True)


@pytest.mark.parametrize("name", ["glow", "flowpp"])
@pytest.mark.slow
def test_fit_in_float16_ends_with_the_weights_of_a_plain_flow(name):
    strategy = tf.distribute.get_strategy()
    assert_trains_alike(name, "checkpoint", strategy, policy="mixed_float16")


@pytest.mark.slow
def test_replicas_in_float16_end_with_the_weights_of_a_plain_flow(mirrored):
    assert_trains_alike("coupling_flow", "checkpoint", mirrored, policy="mixed_float16")


@pytest.mark.parametrize(
    ("name", "recompute"),
    [
        ("glow", "inverse"),
        ("glow", "checkpoint"),
        ("flowpp", "checkpoint"),
        ("coupling_flow", "checkpoint"),
    ],
)
@pytest.mark.slow
def test_replicas_end_with_the_weights_of_a_plain_flow(name, recompute, mirrored):
    assert_trains_alike(name, recompute, mirrored)


@pytest.mark.parametrize("name", FLOWS)
def test_a_file_keeps_it(name, tmp_path):
    FlowModel(FLOWS[name](recompute="inverse")).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert recipe_of(loaded.distribution).arguments["recompute"] == "inverse"
    modes = {getattr(part, "_recompute", None) for part in loaded.distribution.submodules}
    assert "inverse" in modes


def test_reverse_divergence_has_the_gradients_of_a_plain_flow():
    def weights(recompute):
        keras.utils.set_random_seed(0)
        flow = flows.coupling_flow((2,), num_couplings=2, recompute=recompute)
        model = training.VariationalModel(
            flow, lambda x: -0.5 * tf.reduce_sum((x - 1.0) ** 2, -1), num_samples=16
        )
        model.compile(keras.optimizers.SGD(1e-2))
        model.fit(epochs=1, steps_per_epoch=3, verbose=0)
        return [np.asarray(weight) for weight in model.get_weights()]

    for one, other in zip(weights("inverse"), weights(None), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
