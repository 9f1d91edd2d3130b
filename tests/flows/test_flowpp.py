"""Flow++: its layers, in their order, and its density computed by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import flows, nets, partitions, training, transforms
from tfp_flows.bijectors import ActNorm, Coupling, InvertibleConv1x1, Logit, Partwise, Squeeze
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject, scrambled

SHAPE = (4, 8, 1)
COLUMNS, CHANNELS = partitions.Stripes(), partitions.Halves(event_ndims=3)


def make(event_shape=SHAPE, *, couplings=((0, 2), (2, 3)), components=2, dtype="float32", **kwargs):
    keras.utils.set_random_seed(0)
    given = {
        "transform": transforms.LogisticMixture(components, spread=0.0),
        "net": nets.FlowPPNet(4, 1, num_heads=2, dtype=dtype),
    }
    return flows.flowpp(event_shape, couplings=couplings, dtype=dtype, **{**given, **kwargs})


def images(n=3, event_shape=SHAPE, dtype="float32"):
    return tf.constant(np.random.default_rng(0).random((n, *event_shape)), dtype)


def of_kind(flow, kind):
    return [link for link in flow.bijector.bijectors if isinstance(link, kind)]


def test_layers_are_those_of_the_released_code():
    flow = make()
    step = [ActNorm, Partwise, Coupling]
    assert list(map(type, flow.bijector.bijectors)) == [Logit, *step * 2, Squeeze, *step * 5]
    turns = [COLUMNS, COLUMNS.flipped()]
    wanted = [*turns, CHANNELS, CHANNELS.flipped(), *turns, COLUMNS]
    assert [link.partition for link in of_kind(flow, Coupling)] == wanted
    assert [link.partition for link in of_kind(flow, Partwise)] == wanted
    shapes = [SHAPE] * 2 + [(2, 4, 4)] * 5
    for norm, shape in zip(of_kind(flow, ActNorm), shapes, strict=True):
        assert [v.shape for v in norm.trainable_variables] == [shape, shape]
    for mix, width in zip(of_kind(flow, Partwise), [1, 1, 2, 2, 4, 4, 4], strict=True):
        assert all(isinstance(part, InvertibleConv1x1) for part in mix.parts)
        assert [part.matrix.shape for part in mix.parts] == [(width, width)] * 2
    labelled = tf.reshape(tf.range(32.0), (1, *SHAPE))
    squeezed = of_kind(flow, Squeeze)[0].inverse(labelled)
    np.testing.assert_array_equal(squeezed, tf.nn.space_to_depth(labelled, 2))


def test_nothing_leaves_and_the_base_is_a_standard_normal():
    flow = make()
    latents = flow.distribution
    assert latents.event_shape == (2, 4, 4)
    assert not latents.trainable_variables
    z = np.random.default_rng(0).normal(size=(5, 2, 4, 4)).astype("float32")
    wanted = -0.5 * np.sum(z**2, axis=(1, 2, 3)) - 16 * np.log(2 * np.pi)
    np.testing.assert_allclose(latents.log_prob(z), wanted, rtol=1e-5)


def test_the_first_coupling_reads_even_columns_and_moves_odd_ones():
    flow = make()
    with scrambled(flow.bijector, scale=0.1, seed=0):
        for number, layer in enumerate(of_kind(flow, Coupling)[:2]):
            x = images()
            moved = np.any(layer.inverse(x) != x, axis=(0, 1, 3))
            np.testing.assert_array_equal(moved, np.arange(8) % 2 != number)


def _split(x, is_columns, parity):
    half = x.shape[-1] // 2
    parts = (x[..., 0::2, :], x[..., 1::2, :]) if is_columns else (x[..., :half], x[..., half:])
    return parts[::-1] if parity else parts


def _merge(kept, moved, is_columns, parity):
    parts = (moved, kept) if parity else (kept, moved)
    if not is_columns:
        return np.concatenate(parts, axis=-1)
    pairs = np.stack(parts, axis=-2)
    return pairs.reshape(*kept.shape[:-2], 2 * kept.shape[-2], kept.shape[-1])


def _mixture(x, raw, components):
    """Without care for rounding, as the paper writes it."""
    raw = raw.reshape(*x.shape[:-1], 2 + 3 * components, x.shape[-1])
    shift, scale = raw[..., 0, :], np.tanh(raw[..., 1, :])
    logits, means, log_scales = (
        raw[..., 2 + i * components : 2 + (i + 1) * components, :] for i in range(3)
    )
    weights = np.exp(logits) / np.exp(logits).sum(-2, keepdims=True)
    below = 1 / (1 + np.exp(-(x[..., np.newaxis, :] - means) * np.exp(-log_scales)))
    cdf = (weights * below).sum(-2)
    pdf = (weights * below * (1 - below) * np.exp(-log_scales)).sum(-2)
    z = np.log(cdf / (1 - cdf)) * np.exp(scale) + shift
    return z, (np.log(pdf) - np.log(cdf) - np.log(1 - cdf) + scale).sum((1, 2, 3))


def _by_hand(flow, x, couplings, components):
    """The log-density, with the networks as they are."""
    norms, mixes, moves = (of_kind(flow, kind) for kind in (ActNorm, Partwise, Coupling))
    p = 0.05 + 0.9 * x
    x, total = np.log(p / (1 - p)), (np.log(0.9) - np.log(p * (1 - p))).sum((1, 2, 3))
    for level, numbers in enumerate(couplings):
        if level:
            n, height, width, channels = x.shape
            x = x.reshape(n, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
            x = x.reshape(n, height // 2, width // 2, 4 * channels)
        for is_columns, number in enumerate(numbers):
            for step in range(number):
                norm, mix, move = norms.pop(0), mixes.pop(0), moves.pop(0)
                shift, log_scale = norm._shift.numpy(), norm._log_scale.numpy()
                x, total = (x + shift) * np.exp(log_scale), total + log_scale.sum()
                parts = _split(x, is_columns, step % 2)
                matrices = [part.matrix.numpy() for part in mix.parts]
                pixels = parts[0].shape[1] * parts[0].shape[2]
                total += sum(pixels * np.linalg.slogdet(matrix)[1] for matrix in matrices)
                kept, moved = (part @ m for part, m in zip(parts, matrices, strict=True))
                moved, log_det = _mixture(moved, move.net(kept).numpy(), components)
                x, total = _merge(kept, moved, is_columns, step % 2), total + log_det
    assert not norms + mixes + moves
    return total - 0.5 * (x**2 + np.log(2 * np.pi)).sum((1, 2, 3))


@pytest.mark.parametrize("couplings", [((0, 1),), ((0, 2), (3, 2))], ids=["one step", "levels"])
def test_density_is_that_of_the_paper(couplings):
    flow = make((4, 4, 2), couplings=couplings, components=3, dtype="float64")
    x = images(64, (4, 4, 2), "float64")
    training.initialize(flow, x)
    with scrambled(flow.bijector, scale=0.1, seed=0):
        wanted = _by_hand(flow, x.numpy(), couplings, 3)
        np.testing.assert_allclose(flow.log_prob(x), wanted, rtol=1e-9)


OPTIONS = {
    "checkerboard": {"partition": partitions.Checkerboard(packed=True)},
    "affine": {"transform": transforms.Affine()},
    "no mixing": {"mix_channels": False},
    "no logit": {"logit_alpha": None},
    "rows": {"partition": partitions.Stripes(direction="horizontal")},
    "one level": {"couplings": ((0, 2),)},
    "pointwise": {"net": nets.FlowPPNet(4, 1, mixer="pointwise", dtype="float64")},
}


@pytest.mark.slow
@pytest.mark.parametrize("option", OPTIONS)
def test_options(option):
    flow = make((4, 4, 1), **{"couplings": ((0, 2), (2, 0)), "dtype": "float64", **OPTIONS[option]})
    subject = Subject(flow.bijector, images(2, (4, 4, 1), "float64"), 3)
    with scrambled(flow.bijector, scale=0.2, seed=0):
        assert values.round_trip_of_data(subject) < 1e-10
        assert values.log_det_against_autodiff(subject) < 1e-8
        number = {"no mixing": 0, "one level": 2}.get(option, 4)
        assert len(of_kind(flow, Partwise)) == number
        assert len(of_kind(flow, Logit)) == (option != "no logit")


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(3,), (4, 8, 2)], ids=["vector", "image"])
def test_contexts(shape):
    flow = make(context_shape=shape)
    context = tf.constant(np.random.default_rng(1).normal(size=(3, *shape)), tf.float32)
    with scrambled(flow.bijector, scale=0.1, seed=0):
        told, other = (
            flow.log_prob(images(), bijector_kwargs={"context": c}) for c in (context, -context)
        )
        assert np.max(np.abs(told - other)) > 1e-4
        z = flow.bijector.inverse(images(), context=context)
        back = flow.bijector.forward(tf.identity(z), context=context)
        np.testing.assert_allclose(back, images(), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_of_scrambled_flows_have_finite_densities(dtype):
    flow = make(dtype=dtype, num_classes=3)
    told = {"bijector_kwargs": {"context": tf.one_hot([0, 1, 2, 2], 3, dtype=dtype)}}
    classes = tf.one_hot(np.arange(64) % 3, 3, dtype=dtype)
    training.initialize(flow, {"x": images(64, dtype=dtype), "context": classes})
    with scrambled(flow.bijector, scale=0.03, seed=0):
        samples = flow.sample(4, seed=1, **told)
        log_prob = flow.log_prob(tf.identity(samples), **told)
    assert samples.shape == (4, *SHAPE)
    assert samples.dtype == log_prob.dtype == dtype
    assert np.isfinite(log_prob).all()
    assert samples.numpy().min() > -0.06
    assert samples.numpy().max() < 1.06
