"""Flow++ with its learned noise: `fit`, dropout, files and graphs."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import export, flows, nets, partitions, phases, training, transforms
from tfp_flows.distributions import Dequantized

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
SHAPE, LEVELS = (4, 8, 1), 16


def make(*, couplings=((0, 1), (1, 1)), dropout=0.0, partition=partitions.Stripes(), **kwargs):
    keras.utils.set_random_seed(0)
    net = nets.FlowPPNet(4, 1, num_heads=2, dropout=dropout, final_activation=True)
    given = {
        "transform": transforms.LogisticMixture(2, spread=0.0),
        "net": net,
        "partition": partition,
    }
    flow = flows.flowpp(SHAPE, couplings=couplings, **given, **kwargs)
    context_net = nets.FlowPPContext(4, 1, dropout=dropout, attention=True)
    noise = flows.flowpp_noise(SHAPE, num_couplings=1, context_net=context_net, **given)
    return Dequantized(flow, LEVELS, noise)


def integers(n=128):
    x = np.random.default_rng(0).binomial(
        LEVELS - 1, np.linspace(0.2, 0.7, 8)[:, None], (n, *SHAPE)
    )
    return x.astype(np.uint8)


@pytest.fixture(scope="module")
def fitted():
    pixels = make(dropout=0.2)
    model = tfp_flows.FlowModel(pixels)
    model.compile(keras.optimizers.Adam(3e-3))
    training.initialize(pixels, integers())
    before = {v.ref(): v.numpy() for v in pixels.trainable_variables}
    history = model.fit(integers(), batch_size=32, epochs=8, verbose=0).history
    return model, before, history


@pytest.mark.slow
def test_fit_lowers_bits_and_moves_every_variable(fitted):
    model, before, history = fitted
    bits = history["bits_per_dim"]
    assert np.isfinite(bits).all()
    assert bits[-1] < bits[0] - 0.05
    variables = model.distribution.trainable_variables
    assert len(before) == len(variables) == len(model.trainable_variables)
    for variable in variables:
        assert np.max(np.abs(before[variable.ref()] - variable)) > 1e-6, variable.name
    # Of each coupling, and of the context net.
    assert sum("positions" in variable.name for variable in variables) == 3 + 1 + 1


@pytest.mark.slow
def test_a_keras_file_holds_flow_and_noise(fitted, tmp_path):
    model, *_ = fitted
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    got, wanted = again.distribution, model.distribution
    np.testing.assert_array_equal(
        got.log_prob(integers(9), seed=1), wanted.log_prob(integers(9), seed=1)
    )
    np.testing.assert_array_equal(again.sample(3, seed=1), model.sample(3, seed=1))
    assert len(got.variables) == len(wanted.variables)
    first, other = (v.flow.bijector.bijectors[3] for v in (got, wanted))
    assert first.net.spec == other.net.spec
    assert (first.partition, first.transform) == (other.partition, other.transform)


def test_arguments_of_all_kinds_come_back(tmp_path):
    board = partitions.Checkerboard(packed=True, parity=1)
    pixels = make(partition=board, mix_channels=False, num_classes=3, logit_alpha=0.01)
    model = tfp_flows.FlowModel(pixels)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras").distribution
    told = {"seed": 1, "bijector_kwargs": {"context": tf.one_hot([0, 1, 2, 2], 3)}}
    x = integers(4)
    np.testing.assert_array_equal(again.log_prob(x, **told), pixels.log_prob(x, **told))


@pytest.mark.slow  # Small flows of all kinds are exported in tests/export.
def test_a_saved_model_gives_the_same(fitted, tmp_path):
    pixels = fitted[0].distribution
    export.save(pixels, tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    for size in (2, 5):
        x = integers(size)
        wanted = pixels.log_prob(x, seed=[0, 5])
        np.testing.assert_allclose(loaded.log_prob(x, 5), wanted, rtol=1e-4, atol=1e-3)
        got = loaded.sample(size, 5)
        np.testing.assert_array_equal(got, pixels.sample(size, seed=[0, 5]))
    assert got.dtype == tf.int32


@pytest.mark.slow
def test_xla_compiles_sampling():
    pixels, seed = make(couplings=((0, 1),)), tf.constant([0, 5])
    training.initialize(pixels, integers())
    flow = pixels.flow
    samples = tf.function(flow.sample, jit_compile=True)(3, seed=seed)
    assert samples.shape == (3, *SHAPE)
    assert np.isfinite(samples).all()
    # XLA has random numbers of its own; of the same latents it makes the same images.
    z = flow.distribution.sample(3, seed=seed)
    images = tf.function(flow.bijector.forward, jit_compile=True)(z)
    np.testing.assert_allclose(images, flow.bijector.forward(tf.identity(z)), atol=1e-4)


@pytest.fixture
def drops(monkeypatch):
    """`(layer, whether it was told to drop)` of each call of a dropout."""
    calls, call = [], keras.layers.Dropout.call

    @functools.wraps(call)
    def spy(self, inputs, training=None):
        calls.append((id(self), bool(training)))
        return call(self, inputs, training=training)

    monkeypatch.setattr(keras.layers.Dropout, "call", spy)
    return calls


def _once_each(drops):
    """Two of each of three couplings, one of the noise, and the context net."""
    layers = {layer for layer, _ in drops}
    assert len(layers) == len(drops) == 2 * (3 + 1 + 1)
    (is_on,) = {told for _, told in drops}
    drops.clear()
    return is_on


@pytest.mark.slow
def test_dropout_is_on_in_training_alone(drops):
    pixels = make(dropout=0.5)
    x = integers(32)
    training.initialize(pixels, x)
    model = tfp_flows.FlowModel(pixels)
    model.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)
    drops.clear()
    model.fit(x, batch_size=32, verbose=0)
    assert _once_each(drops)
    for use in (
        functools.partial(model.evaluate, x, verbose=0),
        functools.partial(model.predict, x, verbose=0),
        functools.partial(pixels.log_prob, x),
        functools.partial(model, x),
    ):
        use()
        assert not _once_each(drops)
    with phases.training():
        pixels.log_prob(x)
    assert _once_each(drops)
    pixels.sample(2)
    model.sample(2, seed=1)
    assert {told for _, told in drops} == {False}


def test_initialization_drops_nothing(drops):
    pixels = make(dropout=0.5)
    drops.clear()
    training.initialize(pixels, integers(32))
    assert not _once_each(drops)


def test_dropout_reaches_graphs():
    """What is dropped differs from step to step, in what `fit` compiles."""
    pixels = make(dropout=0.5)
    x = integers(8)
    training.initialize(pixels, x)

    @tf.function
    def bound(x):
        with phases.training():
            return pixels.log_prob(x, seed=[1, 2])

    assert np.max(np.abs(bound(x) - bound(x))) > 1e-3
    np.testing.assert_array_equal(pixels.log_prob(x, seed=1), pixels.log_prob(x, seed=1))
