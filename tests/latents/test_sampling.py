"""Temperatures and single levels."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import latents
from tfp_flows.distributions import standard_normal

tfd, tfb = tfp.distributions, tfp.bijectors
CONTEXT = np.array([0.5, -1.0, 2.0], "float32")


def _stds(flow, x):
    return [float(np.std(part)) for part in latents.encode(flow, x)]


def test_temperature_one_is_the_plain_sample(flow):
    wanted = flow.sample(5, seed=[0, 3])
    np.testing.assert_allclose(latents.sample(flow, 5, seed=3), wanted, rtol=1e-4, atol=1e-5)


def test_one_temperature_scales_all_latents(flow):
    warm = latents.encode(flow, latents.sample(flow, 3, seed=1))
    cold = latents.encode(flow, latents.sample(flow, 3, temperature=0.5, seed=1))
    for w, c in zip(warm, cold, strict=True):
        np.testing.assert_allclose(c, 0.5 * w, rtol=1e-2, atol=1e-3)


def test_temperatures_of_levels(two):
    fine, coarse = _stds(two, latents.sample(two, 50, temperature=[0.0, 2.0], seed=1))
    assert fine < 1e-3
    assert abs(coarse - 2.0) < 0.1
    fine, coarse = _stds(two, latents.sample(two, 50, temperature=[0.5, 0.0], seed=1))
    assert abs(fine - 0.5) < 0.03
    assert coarse < 1e-3


def test_temperature_zero_is_the_centre(flow):
    x = latents.sample(flow, 2, temperature=0)
    np.testing.assert_allclose(latents.encode(flow, x)[-1], 0.0, atol=1e-3)


def test_another_base():
    base = tfd.Independent(tfd.Logistic(tf.zeros([2]), 1.0), 1)
    flow = tfd.TransformedDistribution(base, tfb.Scale(2.0))
    x = latents.sample(flow, 20_000, temperature=0.5, seed=0)
    np.testing.assert_allclose(np.std(x), np.pi / np.sqrt(3), rtol=0.03)


def test_seeds(flow):
    draw = latents.sample(flow, 3, seed=5)
    np.testing.assert_array_equal(draw, latents.sample(flow, 3, seed=(0, 5)))
    np.testing.assert_array_equal(draw, latents.sample(flow, 3, seed=tf.constant(5)))
    assert not np.allclose(draw, latents.sample(flow, 3, seed=6))
    assert not np.allclose(latents.sample(flow, 3), latents.sample(flow, 3))
    assert len(np.unique(draw.numpy().reshape(3, -1), axis=0)) == 3


def test_context(conditional):
    one = latents.sample(conditional, 3, seed=5, context=CONTEXT)
    each = latents.sample(conditional, 3, seed=5, context=np.stack([CONTEXT] * 3))
    np.testing.assert_allclose(one, each, rtol=1e-4, atol=1e-5)
    assert not np.allclose(one, latents.sample(conditional, 3, seed=5, context=-CONTEXT))


def test_zero_samples():
    # Of vectors: oneDNN's eager convolution gives empty batches of images a wrong shape.
    base = standard_normal((3,))
    flow = tfd.TransformedDistribution(base, tfb.Scale(2.0))
    assert latents.sample(flow, 0).shape == (0, 3)
    assert latents.resample(flow, tf.zeros([2, 3]), 0, 0).shape == (0, 2, 3)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_resample_changes_its_level_and_no_other(two, images, batch):
    x = images(*batch)
    kept = latents.encode(two, x)
    for level in range(2):
        new = latents.resample(two, x, level, 4, seed=0)
        assert new.shape == (4, *batch, 8, 8, 1)
        parts = latents.encode(two, new)
        other = 1 - level
        wanted = np.broadcast_to(kept[other], parts[other].shape)
        np.testing.assert_allclose(parts[other], wanted, rtol=1e-2, atol=1e-3)
        draws = parts[level].numpy().reshape(4 * int(np.prod(batch)), 32)
        assert len(np.unique(draws.round(3), axis=0)) == len(draws)


def test_resample_of_several_levels(two, images):
    x = images(2)
    new = latents.resample(two, x, [0, 1], 200, temperature=[0.5, 1.0], seed=0)
    fine, coarse = _stds(two, new)
    assert abs(fine - 0.5) < 0.05
    assert abs(coarse - 1.0) < 0.05


def test_resample_with_unknown_batch_and_context(conditional, images):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1])])
    def again(x):
        return latents.resample(conditional, x, 0, 2, seed=1, context=CONTEXT)

    x = images(3)
    wanted = latents.resample(conditional, x, 0, 2, seed=1, context=CONTEXT)
    np.testing.assert_allclose(again(x), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"temperature": -0.1}, ValueError, "`temperature` must be at least 0; got -0.1"),
        ({"temperature": [1, -1]}, ValueError, "`temperature` must be at least 0"),
        ({"temperature": float("nan")}, ValueError, "`temperature` must be finite; got nan"),
        ({"temperature": "1"}, TypeError, "`temperature` must hold real numbers; got '1'"),
        ({"temperature": [1, 1, 1]}, ValueError, "one for each of 2 levels; got"),
        ({"n": -1}, ValueError, "`n` must be an integer of at least 0; got -1"),
        ({"n": 1.5}, TypeError, "`n` must be an integer"),
        ({"seed": 0.5}, TypeError, "`seed` must be an integer"),
        ({"seed": [1, 2, 3]}, ValueError, r"`seed` must be .*shape \[2\]; got shape \(3,\)"),
        ({"seed": [1.0, 2.0]}, TypeError, "`seed` must be .*; got float32"),
    ],
)
def test_refuses(two, images, arguments, error, message):
    with pytest.raises(error, match=message):
        latents.sample(two, **{"n": 2, **arguments})
    with pytest.raises(error, match=message):
        latents.resample(two, images(), 0, **{"n": 2, **arguments})


@pytest.mark.parametrize(
    ("level", "error", "message"),
    [
        (2, ValueError, r"in 0\.\.1; got 2"),
        (-1, ValueError, r"in 0\.\.1; got -1"),
        ([], ValueError, "at least one level; got none"),
        ("0", TypeError, "an integer"),
    ],
)
def test_refuses_levels(two, images, level, error, message):
    with pytest.raises(error, match=f"`level` must .*{message}"):
        latents.resample(two, images(), level, 2)


def test_refuses_integer_images(two):
    with pytest.raises(TypeError, match="`x` must be floating"):
        latents.resample(two, np.zeros((8, 8, 1), np.int64), 0, 2)


def test_refuses_a_base_of_unknown_kind():
    with pytest.raises(TypeError, match="`flow` must be a"):
        latents.sample(standard_normal((2,)), 3)
