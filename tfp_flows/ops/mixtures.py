"""Mixtures of laws on the line, as maps of the line: everything in logs."""

import math
from typing import NamedTuple

import tensorflow as tf

from tfp_flows.ops.laws import Law
from tfp_flows.ops.roots import Bracket, bisect, newton
from tfp_flows.typing import TensorPair

NEWTON_STEPS = 3  # Of the inverse, and one that gradients flow through.
_LARGEST_EXPONENT = 60.0


def num_bisections(log_scale_bound: float) -> int:
    """As many as leave a bracket in which Newton's method converges.

    For components that are 2000 apart, whose log-scales are within the bound.

    Example:
      >>> num_bisections(2.0), num_bisections(7.0), num_bisections(10.0)
      (24, 24, 33)
    """
    return 24 + max(0, math.ceil(2 * (log_scale_bound - 7.0) / math.log(2)))


class Mixture(NamedTuple):
    """`K` copies of a law, scaled, shifted and weighted, for each of `C` entries.

    With `F` the cdf of the mixture and `Q` the quantile function of the law, `z = Q(F(x))` takes
    mixture to law. Parameters stand on the axis before the last: `[..., K, C]`.

    Values beyond the reach of the law are taken for the last one within it, and so are quantiles:
    there the squares of the Gaussian would overflow. Means must be within it.
    """

    law: Law
    logits: tf.Tensor
    means: tf.Tensor
    log_scales: tf.Tensor

    def to_law(self, x: tf.Tensor) -> TensorPair:
        """`z = Q(F(x))` and `log(dz/dx)`: `[..., C]` to two of `[..., C]`."""
        end = self.law.reach(x.dtype).value
        x = tf.clip_by_value(x, -end, end)
        units = (x[..., tf.newaxis, :] - self.means) * tf.exp(-self.log_scales)
        log_weights = tf.nn.log_softmax(self.logits, axis=-2)
        # Both tails by themselves: 1 - F has no digits left where F is near 1.
        log_cdf = _log_sum(log_weights + self.law.log_cdf(units))
        log_survival = _log_sum(log_weights + self.law.log_cdf(-units))
        log_pdf = _log_sum(log_weights + self.law.log_pdf(units) - self.log_scales)
        z = self.law.quantile(log_cdf, log_survival)
        return z, log_pdf - self.law.log_pdf(z)

    def from_law(self, z: tf.Tensor, log_scale_bound: float = 7.0) -> TensorPair:
        """`x = F^-1(P(Z <= z))` and `log(dx/dz)`, with exact first derivatives."""
        end = self.law.reach(z.dtype).quantile
        z = tf.clip_by_value(z, -end, end)
        start, bracket = self._solve(z, num_bisections(log_scale_bound))
        there, log_slope = self.to_law(start)
        # The gradient of this step is that of the implicit function, whatever was done before.
        steep, rest = _steep(tf.stop_gradient(-log_slope)), z - there
        x = tf.stop_gradient(bracket.clip(start + rest * steep))
        # What is added is 0, also where the step itself would overflow.
        x += (rest - tf.stop_gradient(rest)) * steep
        return x, -self.to_law(x)[1]

    def _solve(self, z: tf.Tensor, bisections: int) -> tuple[tf.Tensor, Bracket]:
        mixture = Mixture(self.law, *(tf.stop_gradient(part) for part in self[1:]))
        z = tf.stop_gradient(z)[..., tf.newaxis, :]
        scales = tf.exp(mixture.log_scales)
        # Where every component is below the z-quantile so is the mixture, and the other way round.
        ends = mixture.means + scales * z
        bracket = Bracket(tf.reduce_min(ends, axis=-2), tf.reduce_max(ends, axis=-2))
        tail = _Tail(mixture, z)
        return newton(tail.step, bisect(tail.is_above, bracket, bisections), NEWTON_STEPS)


class _Tail:
    """The equation `F(x) = P(Z <= z)`, or `1 - F(x) = P(Z > z)` where that is the smaller side.

    Relative to the target: sums of exponentials need no maximum taken out, since one that
    overflows or vanishes is on the right side of 1.
    """

    def __init__(self, mixture: Mixture, z: tf.Tensor) -> None:
        self._law, self._means = mixture.law, mixture.means
        self._is_upper = z > 0
        sign = tf.where(self._is_upper, -tf.ones_like(z), tf.ones_like(z))
        self._signed_rate = sign * tf.exp(-mixture.log_scales)
        self._log_scales = mixture.log_scales
        log_weights = tf.nn.log_softmax(mixture.logits, axis=-2)
        self._log_weights = log_weights - self._law.log_cdf(-tf.abs(z))

    def is_above(self, x: tf.Tensor) -> tf.Tensor:
        terms = self._log_weights + self._law.log_cdf(self._units(x))
        return tf.not_equal(tf.reduce_sum(tf.exp(terms), axis=-2) > 1.0, self._is_upper[..., 0, :])

    def step(self, x: tf.Tensor) -> tf.Tensor:
        units = self._units(x)
        log_tail = _log_sum(self._log_weights + self._law.log_cdf(units))
        log_pdf = _log_sum(self._log_weights + self._law.log_pdf(units) - self._log_scales)
        step = -log_tail * _steep(log_tail - log_pdf)
        return tf.where(self._is_upper[..., 0, :], -step, step)

    def _units(self, x: tf.Tensor) -> tf.Tensor:
        return (x[..., tf.newaxis, :] - self._means) * self._signed_rate


def _steep(exponent: tf.Tensor) -> tf.Tensor:
    """`exp`, but finite: between components far apart the mixture is as good as flat."""
    return tf.exp(tf.minimum(exponent, _LARGEST_EXPONENT))


def _log_sum(terms: tf.Tensor) -> tf.Tensor:
    return tf.reduce_logsumexp(terms, axis=-2)
