"""Interpolation and the manifold of four."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import latents
from tfp_flows.distributions import standard_normal

CONTEXT = np.array([0.5, -1.0, 2.0], "float32")
PLAIN = tfp.distributions.TransformedDistribution(standard_normal((2,)), tfp.bijectors.Identity())


def _vectors(flow, x, batch_ndims):
    parts = latents.encode(flow, x)
    return np.concatenate([np.reshape(z, [*z.shape[:batch_ndims], -1]) for z in parts], axis=-1)


@pytest.mark.parametrize("kind", ["spherical", "linear"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
def test_the_ends_are_the_given_images(flow, images, kind, batch):
    start, end = images(*batch), images(*batch)
    path = latents.interpolate(flow, start, end, 5, kind=kind)
    assert path.shape == (5, *batch, 8, 8, 1)
    np.testing.assert_allclose(path[0], start, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(path[-1], end, rtol=1e-3, atol=1e-4)


def test_linear_is_linear_in_latents(flow, images):
    start, end = images(3), images(3)
    z = _vectors(flow, latents.interpolate(flow, start, end, 5, kind="linear"), 2)
    for i, t in enumerate(np.linspace(0, 1, 5)):
        np.testing.assert_allclose(z[i], (1 - t) * z[0] + t * z[-1], rtol=1e-2, atol=2e-3)


def test_spherical_turns_evenly_with_linear_norms(flow, images):
    start, end = images(3), 2 * images(3)
    z = _vectors(flow, latents.interpolate(flow, start, end, 6), 2)
    norms = np.linalg.norm(z, axis=-1)
    np.testing.assert_allclose(norms, np.linspace(norms[0], norms[-1], 6), rtol=1e-3)
    unit = z / norms[..., None]
    angles = np.arccos(np.sum(unit[1:] * unit[:-1], axis=-1))
    np.testing.assert_allclose(
        angles, np.broadcast_to(angles.mean(axis=0), angles.shape), rtol=1e-2
    )
    whole = np.arccos(np.sum(unit[0] * unit[-1], axis=-1))
    np.testing.assert_allclose(angles.sum(axis=0), whole, rtol=1e-2)


def test_a_quarter_turn():
    path = latents.interpolate(PLAIN, [1.0, 0.0], [0.0, 3.0], 3)
    wanted = [[1.0, 0.0], np.array([1.0, 1.0]) * np.sqrt(2.0), [0.0, 3.0]]
    np.testing.assert_allclose(path, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([1.0, 2.0], [2.0, 4.0]),
        ([1.0, 2.0], [1.0, 2.0]),
        ([1.0, 2.0], [-1.0, -2.0]),
        ([1.0, 2.0], [-1.0, -2.00001]),
        ([0.0, 0.0], [1.0, 2.0]),
        ([1.0, 2.0], [0.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
    ],
)
def test_where_no_arc_is_defined_the_path_is_straight(start, end):
    path = latents.interpolate(PLAIN, start, end, 5)
    np.testing.assert_allclose(path, np.linspace(start, end, 5), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e25])
def test_tiny_and_huge_latents(size):
    path = latents.interpolate(PLAIN, [size, 0.0], [0.0, size], 3)
    wanted = np.array([[1.0, 0.0], [0.5**0.5, 0.5**0.5], [0.0, 1.0]])
    np.testing.assert_allclose(path / size, wanted, rtol=1e-5, atol=1e-6)


def test_each_pair_of_a_batch_has_its_own_path():
    start, end = np.float32([[1, 0], [1, 2], [0, 0]]), np.float32([[0, 3], [-1, -2], [1, 1]])
    path = latents.interpolate(PLAIN, start, end, 4)
    for i in range(3):
        alone = latents.interpolate(PLAIN, start[i], end[i], 4)
        np.testing.assert_allclose(path[:, i], alone, rtol=1e-6)


def test_the_middle_of_small_angles_is_accurate():
    path = latents.interpolate(PLAIN, [1.0, 0.0], [np.cos(1e-3), np.sin(1e-3)], 3)
    np.testing.assert_allclose(path[1], [1.0, 5e-4], rtol=1e-4)


def test_interpolation_with_context_and_unknown_batch(conditional, images):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1])] * 2)
    def between(start, end):
        return latents.interpolate(conditional, start, end, 4, context=CONTEXT)

    start, end = images(3), images(3)
    path = between(start, end)
    np.testing.assert_allclose(path[0], start, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(path[-1], end, rtol=1e-3, atol=1e-4)
    each = latents.interpolate(conditional, start, end, 4, context=np.stack([CONTEXT] * 3))
    np.testing.assert_allclose(path, each, rtol=1e-3, atol=1e-4)


def test_two_steps_are_the_ends():
    assert latents.interpolate(PLAIN, [1.0, 0.0], [0.0, 1.0], 2).numpy().tolist() == [
        [1, 0],
        [0, 1],
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num": 1}, ValueError, "`num` must be an integer of at least 2; got 1"),
        ({"kind": "cubic"}, ValueError, r"`kind` must be one of .*; got 'cubic'"),
        ({"end": [[1.0, 1.0]]}, ValueError, r"`end` must .*`start`, \(2,\); got \(1, 2\)"),
        ({"end": [1.0, np.inf]}, ValueError, "`end` must be finite; got 1"),
        ({"start": [1, 2]}, TypeError, "`start` must be floating; got int32"),
    ],
)
def test_interpolate_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        latents.interpolate(PLAIN, **{"start": [0.0, 1.0], "end": [1.0, 0.0], **arguments})


def test_the_corners_of_the_manifold_are_the_corners(flow, images):
    corners = images(4)
    grid = latents.manifold(flow, corners, 3)
    assert grid.shape == (3, 3, 8, 8, 1)
    found = [grid[0, 0], grid[0, -1], grid[-1, 0], grid[-1, -1]]
    np.testing.assert_allclose(found, corners, rtol=1e-3, atol=1e-4)


def test_the_manifold_is_that_of_the_paper(flow, images):
    corners = images(4)
    z1, z2, z3, z4 = _vectors(flow, corners, 1)
    grid = _vectors(flow, latents.manifold(flow, corners, 4), 2)
    angles = np.linspace(0, np.pi / 2, 4)
    for i, a in enumerate(angles):
        for j, b in enumerate(angles):
            wanted = np.cos(a) * (np.cos(b) * z1 + np.sin(b) * z2)
            wanted += np.sin(a) * (np.cos(b) * z3 + np.sin(b) * z4)
            np.testing.assert_allclose(grid[i, j], wanted, rtol=1e-2, atol=3e-3)


def test_the_manifold_with_a_context(conditional, images):
    corners = images(4)
    grid = latents.manifold(conditional, corners, 4, context=CONTEXT)
    np.testing.assert_allclose(grid[0, -1], corners[1], rtol=1e-3, atol=1e-4)
    # Four contexts would broadcast, in silence, to the columns of the grid.
    with pytest.raises(ValueError, match=r"`context` must be one for all, .*got shape \(4, 3\)"):
        latents.manifold(conditional, corners, 4, context=np.stack([CONTEXT] * 4))


@pytest.mark.parametrize("shape", [(3, 2), (2,), (4, 3), (1, 4, 2)])
def test_the_manifold_wants_four_corners(shape):
    with pytest.raises(ValueError, match=r"`corners` must have shape"):
        latents.manifold(PLAIN, np.zeros(shape, "float32"))
