"""Two-dimensional toy densities, roughly of mean zero and unit scale.

Each function gives `n` independent points, float32 `[n, 2]`, the same ones for the same arguments
and the same version of NumPy. `noise` is the standard deviation of normal noise in the units of
the points. All raise a `TypeError` or a `ValueError` unless `n` is an integer of at least 1,
`seed` one of at least 0, and `noise` a finite number of at least 0.
"""

import math
from numbers import Real

import numpy as np

from tfp_flows.ops.arguments import check_int


def two_moons(n: int, *, seed: int = 0, noise: float = 0.1) -> np.ndarray:
    """Two interleaved half circles of radius 1: `[n, 2]`.

    Args:
      n: number of points.
      seed: of the generator.
      noise: standard deviation of the noise around the half circles.

    Example:
      >>> from tfp_flows.data.toy import two_moons
      >>> two_moons(500).shape
      (500, 2)
    """
    rng = _generator(n, seed)
    angle = rng.uniform(0.0, math.pi, n)
    side = rng.choice([-1.0, 1.0], n)
    points = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=-1)
    return _blur(points * side[:, None], rng, noise)


def rings(n: int, *, seed: int = 0, noise: float = 0.05) -> np.ndarray:
    """Three concentric circles of radius 0.5, 1 and 1.5, equally likely: `[n, 2]`.

    Args:
      n: number of points.
      seed: of the generator.
      noise: standard deviation of the noise around the circles.

    Example:
      >>> from tfp_flows.data.toy import rings
      >>> rings(500).shape
      (500, 2)
    """
    rng = _generator(n, seed)
    radius = rng.choice([0.5, 1.0, 1.5], n)
    angle = rng.uniform(0.0, 2 * math.pi, n)
    return _blur(_polar(radius, angle), rng, noise)


def checkerboard(n: int, *, seed: int = 0) -> np.ndarray:
    """Uniform on the eight dark squares of a 4x4 board on [-2, 2]: `[n, 2]`.

    A square, of side 1, is dark where `floor(x) + floor(y)` is even. No noise: the edges are
    sharp.

    Args:
      n: number of points.
      seed: of the generator.

    Example:
      >>> from tfp_flows.data.toy import checkerboard
      >>> checkerboard(500).shape
      (500, 2)
    """
    rng = _generator(n, seed)
    column = rng.integers(-2, 2, n)
    row = 2 * rng.integers(-1, 1, n) + column % 2
    return _blur(np.stack([column, row], axis=-1) + rng.uniform(size=(n, 2)), rng, 0.0)


def pinwheel(n: int, *, seed: int = 0, noise: float = 0.1) -> np.ndarray:
    """Five bent arms around the origin: `[n, 2]`.

    Args:
      n: number of points.
      seed: of the generator.
      noise: standard deviation of the noise across an arm; along it, it is 0.3.

    Example:
      >>> from tfp_flows.data.toy import pinwheel
      >>> pinwheel(500).shape
      (500, 2)
    """
    rng = _generator(n, seed)
    along = rng.normal(1.0, 0.3, n)
    across = _check_noise(noise) * rng.normal(size=n)
    angle = rng.integers(0, 5, n) * (2 * math.pi / 5) + 0.25 * np.exp(along)
    points = _polar(along, angle) + _polar(across, angle + math.pi / 2)
    return points.astype(np.float32)


def eight_gaussians(n: int, *, seed: int = 0, noise: float = 0.15) -> np.ndarray:
    """Eight equally likely Gaussians on the circle of radius `sqrt(2)`: `[n, 2]`.

    Args:
      n: number of points.
      seed: of the generator.
      noise: standard deviation of each Gaussian.

    Example:
      >>> from tfp_flows.data.toy import eight_gaussians
      >>> eight_gaussians(500).shape
      (500, 2)
    """
    rng = _generator(n, seed)
    angle = rng.integers(0, 8, n) * (math.pi / 4)
    return _blur(_polar(np.full(n, math.sqrt(2.0)), angle), rng, noise)


def _generator(n: int, seed: int) -> np.random.Generator:
    check_int("n", n, 1)
    return np.random.default_rng(check_int("seed", seed, 0))


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def _blur(points: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    return (points + _check_noise(noise) * rng.normal(size=points.shape)).astype(np.float32)


def _check_noise(noise: float) -> float:
    wanted = "a finite number of at least 0"
    if not isinstance(noise, Real):
        raise TypeError(f"`noise` must be {wanted}; got {noise!r}.")
    if not 0 <= noise < math.inf:
        raise ValueError(f"`noise` must be {wanted}; got {noise}.")
    return float(noise)
