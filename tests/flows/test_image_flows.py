"""NICE, RealNVP and Glow: shapes, parts, contexts and files."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import bijectors, flows, nets, partitions, testing, transforms
from tfp_flows.bijectors import ActNorm, BatchNormalization, Coupling, FactorOut, Logit
from tfp_flows.testing.subject import scrambled

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
SHAPE = (4, 8, 1)
MLP, CONV = nets.MLP((8,)), nets.ConvResNet(2, 1)
SMALL = {
    "nice": {"net": MLP},
    "realnvp": {"num_levels": 2, "filters": 2, "num_blocks": 1},
    "glow": {"num_levels": 2, "num_steps": 1, "filters": 4},
}


def make(name, event_shape=SHAPE, **kwargs):
    keras.utils.set_random_seed(0)
    return getattr(flows, name)(event_shape, **{**SMALL[name], **kwargs})


def images(n=3, event_shape=SHAPE):
    return np.random.default_rng(0).random((n, *event_shape)).astype("float32")


def layers(bijector):
    """All layers, those of the levels too, in the order the data meet them."""
    if isinstance(bijector, bijectors.Chain):
        return [layer for link in bijector.bijectors for layer in layers(link)]
    return layers(bijector.rest) if isinstance(bijector, FactorOut) else [bijector]


def of_kind(flow, kind):
    return [layer for layer in layers(flow.bijector) if isinstance(layer, kind)]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SMALL)
def test_shapes_and_dtypes(name, dtype):
    flow, x = make(name, dtype=dtype), tf.cast(images(), dtype)
    with scrambled(flow.bijector, scale=0.1, seed=0):
        samples = flow.sample(5, seed=1)
        assert samples.shape == (5, *SHAPE)
        assert flow.event_shape == SHAPE
        assert flow.bijector.inverse(x).shape == (3, 32)
        log_prob = flow.log_prob(x)
        assert log_prob.shape == (3,)
        assert samples.dtype == log_prob.dtype == dtype
        assert np.isfinite(log_prob).all()
        assert np.isfinite(flow.log_prob(samples)).all()


@pytest.mark.parametrize("name", SMALL)
def test_with_a_logit_samples_stay_near_the_unit_interval(name):
    flow = make(name, logit_alpha=0.05)
    assert len(of_kind(flow, Logit)) == 1
    samples = flow.sample(100, seed=1).numpy()
    assert samples.min() >= -0.06
    assert samples.max() <= 1.06
    assert samples.std() > 0.1


def test_preprocessing_of_each():
    x = images(event_shape=(4, 4, 1))
    assert [len(of_kind(make(name), Logit)) for name in SMALL] == [0, 1, 0]
    for name, low, high in [("glow", -0.5, 0.5), ("realnvp", -0.5, 0.5), ("nice", 0, 1)]:
        flow = make(name, (4, 4, 1), logit_alpha=None)
        first = flow.bijector.bijectors[0]
        y = x if name == "nice" else first.inverse(x)
        assert low <= np.min(y) < low + 0.1
        assert high - 0.1 < np.max(y) <= high
    centered = make("nice", (4, 4, 1), centered=True).bijector.bijectors[:2]
    np.testing.assert_allclose(bijectors.Chain(centered).inverse(x), 2 * x - 1, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("context_shape", [(3,), (4, 8, 2)], ids=["vector", "image"])
def test_contexts(name, context_shape):
    net = {"net": MLP} if name == "nice" else {}
    flow = make(name, context_shape=context_shape, **net)
    assert flow.bijector.context_shape == context_shape
    context = tf.constant(np.random.default_rng(1).normal(size=(3, *context_shape)), tf.float32)
    with scrambled(flow.bijector, scale=0.1, seed=0):
        x, told = images(), {"bijector_kwargs": {"context": context}}
        one, other = (
            flow.log_prob(tf.identity(x), bijector_kwargs={"context": c})
            for c in (context, -context)
        )
        assert np.max(np.abs(one - other)) > 1e-4
        assert flow.sample(3, seed=1, **told).shape == (3, *SHAPE)
        z = flow.bijector.inverse(tf.identity(x), context=context)
        back = flow.bijector.forward(tf.identity(z), context=context)
        np.testing.assert_allclose(back, x, atol=1e-4)


def test_glow_has_two_actnorms_in_each_net_and_one_in_each_step():
    flow = make("glow", num_steps=2)
    assert len(of_kind(flow, ActNorm)) == 4
    assert all(layer._factor == 3.0 for layer in of_kind(flow, ActNorm))
    steps = [layer for layer in of_kind(flow, Coupling) if layer.trainable_variables]
    counts = [sum(v.dtype == tf.bool for v in layer.variables) for layer in steps]
    assert counts == [2, 2, 0, 2, 2]  # The priors of what leaves have none.


def test_glow_takes_its_size_from_the_paper():
    shapes = {}
    for size in (32, 64, 8):
        flow = flows.glow((size, size, 1), num_steps=1, filters=1)
        shapes[size] = bijectors.latent_shapes(flow.bijector, (size, size, 1))
    assert [len(shapes[size]) for size in (32, 64, 8)] == [3, 4, 3]
    assert shapes[32] == [(16, 16, 2), (8, 8, 4), (4, 4, 16)]


def test_realnvp_masks_take_turns():
    """Which entries each coupling changes, in the order the data meet them."""
    flow = make("realnvp", (4, 4, 2))
    couplings = of_kind(flow, Coupling)
    board = np.indices((4, 4)).sum(0)[..., None] % 2 == 1
    half = np.arange(8) >= 4
    fine, squeezed, coarse = couplings[:3], couplings[3:6], couplings[6:]
    assert len(coarse) == 4
    shapes = [(4, 4, 2)] * 3 + [(2, 2, 8)] * 3 + [(2, 2, 4)] * 4
    wanted = [board, ~board, board, half, ~half, half]
    wanted += [board[:2, :2], ~board[:2, :2], board[:2, :2], ~board[:2, :2]]
    with scrambled(flow.bijector, scale=0.3, seed=0):
        for layer, shape, moves in zip([*fine, *squeezed, *coarse], shapes, wanted, strict=True):
            x = images(1, shape)
            changed = np.any(layer.inverse(x) != x, axis=0)
            np.testing.assert_array_equal(changed, np.broadcast_to(moves, shape))


def test_realnvp_normalizes_after_each_coupling_with_its_mask():
    kinds = [type(layer) for layer in layers(make("realnvp").bijector)]
    assert kinds.count(Coupling) == kinds.count(BatchNormalization) == 10
    after = [b for a, b in itertools.pairwise(kinds) if a is Coupling]
    assert set(after) == {BatchNormalization}
    assert not of_kind(make("realnvp", batch_norm=False), BatchNormalization)
    for layer in of_kind(make("realnvp"), BatchNormalization):
        assert isinstance(layer._partition, partitions.Checkerboard | partitions.Halves)


OPTIONS = {
    "nice": {"transform": transforms.Affine(), "prior": "normal", "centered": True},
    "realnvp": {"transform": transforms.Affine(), "net": CONV, "logit_alpha": 0.1},
    "glow": {
        "transform": transforms.Additive(),
        "convolution": "full",
        "squeeze_order": "diagonal",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_keras_files_keep_every_argument(name, tmp_path):
    model = tfp_flows.FlowModel(make(name, num_classes=3, **OPTIONS[name]))
    with scrambled(model.distribution.bijector, scale=0.1, seed=0):
        model.save(tmp_path / "m.keras")
        inputs = {"x": images(), "context": np.array([0, 1, 2])}
        loaded = keras.saving.load_model(tmp_path / "m.keras")
        wanted, got = model.predict(inputs, verbose=0), loaded.predict(inputs, verbose=0)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
    names = [[layer.name for layer in layers(m.distribution.bijector)] for m in (model, loaded)]
    assert names[0] == names[1]


def test_diagnose_opens_all_levels():
    reports = testing.diagnose(make("glow"), images())
    names = [report.layer.split(" ")[1] for report in reports]
    level = ["squeeze", "actnorm", "invertible_conv1x1", "coupling"]
    assert names == ["shift", *level, "coupling", *level, "elementwise"]


def test_saved_models_of_glow_take_any_batch(tmp_path):
    flow = make("glow")
    module = tf.Module()
    module.flow = flow
    spec = tf.TensorSpec([None, *SHAPE])
    module.log_prob = tf.function(flow.log_prob, input_signature=[spec])
    with scrambled(flow.bijector, scale=0.1, seed=0):
        tf.saved_model.save(module, str(tmp_path))
        loaded = tf.saved_model.load(str(tmp_path))
        for n in (1, 3, 7):
            x = tf.constant(images(n))
            np.testing.assert_allclose(loaded.log_prob(x), flow.log_prob(x), rtol=1e-4)
