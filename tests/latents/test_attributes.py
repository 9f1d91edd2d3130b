"""Directions of attributes."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import latents

CONTEXT = np.array([0.5, -1.0, 2.0], "float32")


@pytest.mark.parametrize("batch_size", [2, 5, 256])
def test_direction_is_the_difference_of_the_means(flow, images, batch_size):
    present, absent = images(5), images(3)
    direction = latents.attribute_direction(flow, present, absent, batch_size=batch_size)
    both = latents.encode(flow, present), latents.encode(flow, absent)
    for part, a, b in zip(direction, *both, strict=True):
        wanted = np.mean(a, axis=0) - np.mean(b, axis=0)
        np.testing.assert_allclose(part, wanted, rtol=1e-3, atol=1e-4)


def test_contexts_of_the_two_classes(conditional, images):
    present, absent = images(5), images(3)
    rows = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
    contexts = rows[:5], rows[5:]
    found = latents.attribute_direction(
        conditional, present, absent, context=contexts, batch_size=2
    )
    means = [
        [np.mean(z, axis=0) for z in latents.encode(conditional, x, c)]
        for x, c in zip((present, absent), contexts, strict=True)
    ]
    for part, a, b in zip(found, *means, strict=True):
        np.testing.assert_allclose(part, a - b, rtol=1e-3, atol=1e-4)
    one = latents.attribute_direction(conditional, present, absent, context=CONTEXT)
    assert not np.allclose(one[-1], found[-1])


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_move_adds_the_direction_to_the_latents(flow, images, batch):
    x = images(*batch)
    direction = latents.attribute_direction(flow, images(4), images(4))
    moved = latents.move(flow, x, direction, [-0.5, 0.0, 1.0])
    assert moved.shape == (3, *batch, 8, 8, 1)
    np.testing.assert_allclose(moved[1], x, rtol=1e-3, atol=1e-4)
    for i, strength in enumerate([-0.5, 0.0, 1.0]):
        parts = zip(latents.encode(flow, moved[i]), latents.encode(flow, x), direction, strict=True)
        for got, z, step in parts:
            np.testing.assert_allclose(got, z + strength * step, rtol=1e-2, atol=2e-3)


def test_move_with_context(conditional, images):
    x = images(3)
    zero = [tf.zeros_like(z) for z in latents.encode(conditional, x[0], CONTEXT)]
    moved = latents.move(conditional, x, zero, [1.0], CONTEXT)
    np.testing.assert_allclose(moved[0], x, rtol=1e-3, atol=1e-4)


def test_move_in_a_graph_of_unknown_batch(flow, images):
    direction = latents.attribute_direction(flow, images(4), images(4))

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1])])
    def go(x):
        return latents.move(flow, x, direction, [0.0, 1.0])

    x = images(3)
    np.testing.assert_allclose(go(x), latents.move(flow, x, direction, [0.0, 1.0]), 1e-3, 1e-3)


@pytest.mark.parametrize(
    ("present", "error", "message"),
    [
        (np.zeros((0, 8, 8, 1), "float32"), ValueError, "and hold events; got"),
        (np.zeros((8, 8, 1), "float32"), ValueError, r"must have shape \(None, 8, 8, 1\)"),
        (np.zeros((2, 8, 8, 1), np.uint8), TypeError, "must be floating; got uint8"),
        (np.full((2, 8, 8, 1), np.nan), ValueError, "must be finite"),
    ],
)
def test_direction_refuses(flow, images, present, error, message):
    with pytest.raises(error, match=f"`with_attribute` .*{message}"):
        latents.attribute_direction(flow, present, images(2))


def test_direction_refuses_contexts_of_another_number(conditional, images):
    contexts = np.stack([CONTEXT] * 4)
    with pytest.raises(ValueError, match=r"`context` must have shape \(3,\) or \(2, 3\); got"):
        latents.attribute_direction(conditional, images(2), images(4), context=contexts)


def test_direction_refuses_an_unasked_context(flow, images):
    with pytest.raises(ValueError, match="`context` must not be given"):
        latents.attribute_direction(flow, images(2), images(4), context=CONTEXT)


def test_move_refuses(flow, images):
    x = images()
    zero = latents.encode(flow, x)
    with pytest.raises(ValueError, match=r"`strengths` must be a list of numbers; got 1\.0"):
        latents.move(flow, x, zero, 1.0)
    with pytest.raises(ValueError, match=r"`direction` must be one, without batch axes"):
        latents.move(flow, x, [z[tf.newaxis] for z in zero], [1.0])
    with pytest.raises(ValueError, match=r"`direction` must hold one tensor for each level"):
        latents.move(flow, x, [], [1.0])
