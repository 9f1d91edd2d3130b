"""What the first batch makes of Flow++, and the learned noise at the start."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import flows, nets, phases, training, transforms
from tfp_flows.bijectors import ActNorm, Coupling
from tfp_flows.distributions import Dequantized
from tfp_flows.training.initialize import needs_initialization

SHAPE, LEVELS = (4, 8, 1), 256
EACH = {"transform": transforms.LogisticMixture(4, spread=0.0)}


def make(dtype="float64"):
    keras.utils.set_random_seed(0)
    given = {"net": nets.FlowPPNet(8, 1, num_heads=2, dtype=dtype), "dtype": dtype, **EACH}
    flow = flows.flowpp(SHAPE, couplings=((0, 2), (2, 3)), **given)
    context_net = nets.FlowPPContext(4, 1, dtype=dtype)
    noise = flows.flowpp_noise(SHAPE, context_net=context_net, **given)
    return flow, noise


def integers(n=128):
    x = np.random.default_rng(0).binomial(
        LEVELS - 1, np.linspace(0.2, 0.7, 8)[:, None], (n, *SHAPE)
    )
    return tf.constant(x.astype(np.uint8))


def check_links(links, x, context=None, atol=1e-6):
    """Data go through link by link: each normalization gives mean 0 and variance 1."""
    for link in links:
        told = {} if context is None or not isinstance(link, Coupling) else {"context": context}
        if isinstance(link, Coupling):
            kept, _ = link.partition.split(x)
            # The last convolution of a net, too: its parameters start small.
            raw = link.net(kept, *told.values())
            np.testing.assert_allclose(np.mean(raw, (0, 1, 2)), 0.0, atol=atol)
            np.testing.assert_allclose(np.std(raw, (0, 1, 2)), 0.1, rtol=1e-3)
        x = link.inverse(tf.identity(x), **told)
        if isinstance(link, ActNorm):
            np.testing.assert_allclose(np.mean(x, 0), np.zeros(x.shape[1:]), atol=atol)
            np.testing.assert_allclose(np.var(x, 0), np.ones(x.shape[1:]), atol=atol)


def test_a_batch_sets_the_flow():
    flow, _ = make()
    x = tf.constant(np.random.default_rng(0).random((64, *SHAPE)))
    training.initialize(flow, x)
    assert not needs_initialization(flow)
    check_links(flow.bijector.bijectors, x)


def test_noise_sets_the_noise():
    _, noise = make()
    steps = noise.flow.bijector.bijector  # Inverted: from N(0, I) to the noise.
    eps = tf.constant(np.random.default_rng(0).normal(size=(64, *SHAPE)))
    context = tf.constant(np.random.default_rng(1).normal(size=(64, 4, 4, 4)))
    with phases.initializing():
        noise.flow.bijector.forward(tf.identity(eps), context=context)
    check_links(steps.bijectors, eps, context)


def test_initialize_sets_flow_noise_and_context_net_together():
    flow, noise = make("float32")
    pixels = Dequantized(flow, LEVELS, noise)
    training.initialize(pixels, integers())
    assert not needs_initialization(pixels)
    flags = [v for v in pixels.variables if "initialized" in v.name]
    assert all(bool(flag) for flag in flags)
    # Seven couplings and four of the noise with a normalization and, in their net, two
    # convolutions around a block of four (one more with context); and a context net.
    assert len(flags) == 7 * (1 + 2 + 4) + 4 * (1 + 2 + 5) + 3
    context = pixels.noise._context(tf.cast(integers(), tf.int32), LEVELS)
    assert context.shape == (128, 4, 4, 4)
    assert 0.5 < np.std(context) < 2
    before = [v.numpy() for v in pixels.variables]
    training.initialize(pixels, integers())
    for old, variable in zip(before, pixels.variables, strict=True):
        np.testing.assert_array_equal(old, variable)


def test_the_first_steps_of_the_noise_see_the_image():
    flow, noise = make("float32")
    training.initialize(Dequantized(flow, LEVELS, noise), integers())
    x = tf.cast(integers(), tf.int32)
    us = []
    for images in (x, LEVELS - 1 - x):
        y, _ = noise.sampler(images, LEVELS, SHAPE, tf.float32)(tf.constant([1, 2]))
        us.append(y * LEVELS - tf.cast(images, tf.float32))
    assert np.max(np.abs(us[0] - us[1])) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("is_initialized", [True, False])
def test_learned_noise_starts_wide(is_initialized):
    flow, noise = make("float32")
    if is_initialized:
        training.initialize(Dequantized(flow, LEVELS, noise), integers())
    x = tf.cast(integers(), tf.int32)
    y, log_q = noise.sampler(x, LEVELS, SHAPE, tf.float32)(tf.constant([1, 2]))
    u = y * LEVELS - tf.cast(x, tf.float32)
    assert np.isfinite(log_q).all()
    assert u.numpy().min() >= 0
    assert u.numpy().max() <= 1
    entropy = np.log(LEVELS) - np.mean(log_q) / np.prod(SHAPE)
    if is_initialized:
        assert entropy > -0.5
        assert 0.4 < np.mean(u) < 0.6
        assert np.std(u) > 0.15


def test_a_step_of_the_noise_inverts_nothing(monkeypatch):
    """In training noise is drawn, and mixtures are quick in one direction only."""
    flow, noise = make("float32")
    pixels = Dequantized(flow, LEVELS, noise)

    def inverted(*args):
        raise AssertionError

    monkeypatch.setattr(transforms.LogisticMixture, "forward_and_log_det", inverted)
    assert np.isfinite(pixels.log_prob(integers(4), seed=1)).all()
