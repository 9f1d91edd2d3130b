"""The standard laws that mixtures are made of, in logs, and their quantile functions."""

import abc
import math
from typing import ClassVar, NamedTuple

import tensorflow as tf

from tfp_flows.typing import TensorPair

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
# Below this the tail of the Gaussian is four terms of its asymptotic series, to the last digit.
_ASYMPTOTIC = {tf.float32: -10.0, tf.float64: -30.0}


class Reach(NamedTuple):
    """How far from 0 values, and quantiles, still have a density that the dtype holds."""

    value: float
    quantile: float


class Law(abc.ABC):
    """A continuous law on the line that is symmetric about 0."""

    # Components may have scales of e^-10 and e^10: a value is then 2e4 times its size in units of
    # one of them, and a quantile 5e8 times, as it is first taken to a value.
    _reaches: ClassVar[dict[tf.DType, Reach]]

    def reach(self, dtype: tf.DType) -> Reach:
        """Where mixtures of this law are cut off.

        Raises:
          TypeError: of 16 bits, which hold no tails.
        """
        if dtype not in self._reaches:
            raise TypeError(f"Mixtures must be float32 or float64; got {dtype.name}.")
        return self._reaches[dtype]

    @abc.abstractmethod
    def log_cdf(self, z: tf.Tensor) -> tf.Tensor:
        """`log P(Z <= z)`, of full precision in both tails."""

    @abc.abstractmethod
    def log_pdf(self, z: tf.Tensor) -> tf.Tensor:
        """Log of the density at `z`."""

    @abc.abstractmethod
    def quantile(self, log_cdf: tf.Tensor, log_survival: tf.Tensor) -> tf.Tensor:
        """The `z` of both tails, `log P(Z <= z)` and `log P(Z > z)`: neither is exact alone."""


class Logistic(Law):
    """`P(Z <= z) = sigmoid(z)`."""

    _reaches: ClassVar[dict[tf.DType, Reach]] = {
        tf.float32: Reach(1e30, 1e28),
        tf.float64: Reach(1e290, 1e288),
    }

    def log_cdf(self, z: tf.Tensor) -> tf.Tensor:
        return -tf.nn.softplus(-z)

    def log_pdf(self, z: tf.Tensor) -> tf.Tensor:
        return -z - 2.0 * tf.nn.softplus(-z)

    def quantile(self, log_cdf: tf.Tensor, log_survival: tf.Tensor) -> tf.Tensor:
        return log_cdf - log_survival


class Gaussian(Law):
    """`Z ~ N(0, 1)`."""

    _reaches: ClassVar[dict[tf.DType, Reach]] = {
        tf.float32: Reach(1e13, 1e9),
        tf.float64: Reach(1e145, 1e140),
    }

    def log_cdf(self, z: tf.Tensor) -> tf.Tensor:
        return self._log_cdf_and_ratio(z)[0]

    def _log_cdf_and_ratio(self, z: tf.Tensor) -> TensorPair:
        """`log P(Z <= z)`, and what it is more than the log-density: Mills' ratio."""
        if z.dtype not in _ASYMPTOTIC:
            raise TypeError(f"Gaussian tails must be float32 or float64; got {z.dtype.name}.")
        # As `tfp.math.logerfc`, which is ten times as many operations.
        end = _ASYMPTOTIC[z.dtype]
        close, far = tf.maximum(z, end), tf.minimum(z, end)
        near = tf.math.log(0.5 * tf.math.erfc(-math.sqrt(0.5) * close))
        u = 1.0 / tf.square(far)
        series = tf.math.log1p(u * (-1.0 + u * (3.0 + u * (-15.0 + 105.0 * u))))
        # Not from the difference: of two squares nothing is left where they are large.
        ratio = series - tf.math.log(-far)
        log_cdf = tf.where(z < end, self.log_pdf(far) + ratio, near)
        return log_cdf, tf.where(z < end, ratio, near - self.log_pdf(close))

    def log_pdf(self, z: tf.Tensor) -> tf.Tensor:
        return -0.5 * tf.square(z) - _HALF_LOG_2PI

    def quantile(self, log_cdf: tf.Tensor, log_survival: tf.Tensor) -> tf.Tensor:
        is_lower = log_cdf < log_survival
        z = self._lower_quantile(tf.where(is_lower, log_cdf, log_survival))
        return tf.where(is_lower, z, -z)

    def _lower_quantile(self, log_cdf: tf.Tensor) -> tf.Tensor:
        """For `log_cdf` of at most about `log(1/2)`; its gradient is that of the quantile."""
        z = tf.stop_gradient(self._guess(log_cdf))
        # Newton's method on the logarithm: it is concave, so that this cannot diverge.
        for _ in range(3):
            z = tf.stop_gradient(self._improved(z, log_cdf))
        return self._improved(z, log_cdf)

    def _guess(self, log_cdf: tf.Tensor) -> tf.Tensor:
        # In the tail log p is about -z^2/2 - log(-z) - log(2 pi)/2.
        near = tf.math.ndtri(tf.exp(tf.maximum(log_cdf, -5.0)))
        far = -2.0 * tf.minimum(log_cdf, -5.0)
        far = -tf.sqrt(far - tf.math.log(2 * math.pi * far))
        return tf.where(log_cdf < -5.0, far, near)

    def _improved(self, z: tf.Tensor, log_cdf: tf.Tensor) -> tf.Tensor:
        there, ratio = self._log_cdf_and_ratio(z)
        return z + (log_cdf - there) * tf.exp(tf.stop_gradient(ratio))


LOGISTIC = Logistic()
GAUSSIAN = Gaussian()
