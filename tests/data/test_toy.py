import numpy as np
import pytest

from tfp_flows.data import checkerboard, eight_gaussians, pinwheel, rings, two_moons

NOISY = [two_moons, rings, pinwheel, eight_gaussians]
ALL = [*NOISY, checkerboard]


@pytest.mark.parametrize("density", ALL)
@pytest.mark.parametrize("n", [1, 7, np.int64(50)])
def test_gives_n_points_in_float32(density, n):
    points = density(n)
    assert points.shape == (n, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()


@pytest.mark.parametrize("density", ALL)
def test_is_determined_by_the_seed(density):
    np.testing.assert_array_equal(density(50, seed=3), density(50, seed=3))
    np.testing.assert_array_equal(density(50, seed=0), density(50))
    assert not np.isin(density(50, seed=3), density(50, seed=4)).any()


@pytest.mark.parametrize("density", ALL)
def test_has_mean_zero_and_unit_like_scale(density):
    points = density(20_000)
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=0.04)
    deviations = points.std(axis=0)
    assert (deviations > 0.45).all()
    assert (deviations < 1.3).all()


@pytest.mark.parametrize("density", ALL)
def test_points_come_in_no_order(density):
    points = density(10_000)
    radii = np.hypot(*points.T)
    for series in (*points.T, radii):
        assert abs(np.corrcoef(series[1:], series[:-1])[0, 1]) < 0.05


def test_moons_are_two_half_circles():
    x, y = two_moons(5000, noise=0.0).T
    upper = np.isclose(np.hypot(x + 0.5, y + 0.25), 1.0, atol=1e-5) & (y > -0.2501)
    lower = np.isclose(np.hypot(x - 0.5, y - 0.25), 1.0, atol=1e-5) & (y < 0.2501)
    assert (upper ^ lower).all()
    assert 0.45 < upper.mean() < 0.55


def test_rings_are_three_circles():
    radii = np.hypot(*rings(6000, noise=0.0).T)
    shares = [np.isclose(radii, radius, atol=1e-5).mean() for radius in (0.5, 1.0, 1.5)]
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)
    assert sum(shares) == pytest.approx(1.0)


def test_checkerboard_fills_the_dark_squares_only():
    points = checkerboard(16_000)
    assert (np.abs(points) <= 2).all()
    squares, counts = np.unique(np.floor(points), axis=0, return_counts=True)
    assert len(squares) == 8
    assert (squares.sum(axis=1) % 2 == 0).all()
    np.testing.assert_allclose(counts, 2000, rtol=0.1)


def test_checkerboard_is_uniform_within_a_square():
    offsets = checkerboard(20_000) % 1
    counts, _, _ = np.histogram2d(*offsets.T, bins=10, range=[[0, 1], [0, 1]])
    # 99.99 % quantile of chi-square with 99 degrees of freedom.
    assert np.sum((counts - 200) ** 2 / 200) < 161


def test_pinwheel_looks_the_same_after_a_fifth_of_a_turn():
    x, y = pinwheel(50_000).T
    point = (x + 1j * y).astype(complex)
    # Angular moments: only multiples of 5 survive the symmetry.
    moments = [abs(np.mean(point**k)) / np.mean(abs(point) ** k) for k in range(1, 6)]
    assert max(moments[:4]) < 0.03
    assert moments[4] > 0.3


def test_pinwheel_without_noise_lies_on_bent_arms():
    x, y = pinwheel(2000, noise=0.0).T
    radius = np.hypot(x, y)
    far = radius > 0.5
    turns = (np.arctan2(y, x) - 0.25 * np.exp(radius)) / (2 * np.pi / 5)
    assert far.sum() > 1500
    np.testing.assert_allclose(turns[far], np.round(turns[far]), atol=1e-4)


def test_pinwheel_noise_is_across_the_arms():
    arms = pinwheel(20_000, noise=0.0)
    shift = pinwheel(20_000, noise=0.2) - arms
    np.testing.assert_allclose(np.sum(shift * arms, axis=1), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.sqrt(np.mean(np.sum(shift**2, axis=1))), 0.2, rtol=0.03)


def test_gaussians_sit_on_eight_centres():
    x, y = eight_gaussians(8000, noise=0.0).T
    np.testing.assert_allclose(np.hypot(x, y), np.sqrt(2), atol=1e-5)
    eighths = np.arctan2(y, x) / (np.pi / 4)
    np.testing.assert_allclose(eighths, np.round(eighths), atol=1e-4)
    counts = np.bincount(np.round(eighths).astype(int) % 8, minlength=8)
    np.testing.assert_allclose(counts, 1000, rtol=0.15)


@pytest.mark.parametrize("density", [two_moons, rings, eight_gaussians])
def test_noise_is_a_standard_deviation(density):
    shift = density(20_000, noise=0.2) - density(20_000, noise=0.0)
    np.testing.assert_allclose(shift.std(axis=0), 0.2, rtol=0.03)


@pytest.mark.parametrize("density", ALL)
@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError)])
def test_refuses_a_bad_number_of_points(density, n, error):
    with pytest.raises(error, match=f"`n` must be an integer of at least 1; got {n}"):
        density(n)


@pytest.mark.parametrize("density", ALL)
@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (None, TypeError)])
def test_refuses_a_bad_seed(density, seed, error):
    with pytest.raises(error, match=f"`seed` must be an integer of at least 0; got {seed}"):
        density(5, seed=seed)


@pytest.mark.parametrize("density", NOISY)
@pytest.mark.parametrize(
    ("noise", "error"),
    [(-0.1, ValueError), (np.inf, ValueError), (np.nan, ValueError), ("0.1", TypeError)],
)
def test_refuses_bad_noise(density, noise, error):
    with pytest.raises(error, match=f"`noise` must be a finite number.*; got {noise!r}"):
        density(5, noise=noise)
