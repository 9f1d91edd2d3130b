"""How a raw number becomes a log-scale."""

import abc
import dataclasses
import math

import tensorflow as tf


class ScaleMap(abc.ABC):
    """A map from any real number to the logarithm of a positive scale."""

    @abc.abstractmethod
    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        """`s` for each entry of `raw`."""


@dataclasses.dataclass(frozen=True)
class TanhScale(ScaleMap):
    """`s = bound * tanh(raw / bound)`: the scale lies in `(exp(-bound), exp(bound))`.

    Args:
      bound: largest absolute log-scale. At 2, a single layer stretches or squeezes by less than
        7.4; near zero `s` is `raw` itself, whatever the bound.
    """

    bound: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.bound < math.inf:
            raise ValueError(f"`bound` must be positive and finite; got {self.bound}.")

    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        return self.bound * tf.tanh(raw * (1 / self.bound))


@dataclasses.dataclass(frozen=True)
class ExpScale(ScaleMap):
    """`s = raw`, clipped to `[-bound, bound]`; the scale `exp(raw)` has no bound by default.

    Deep flows without a bound overflow on outliers; the papers that use it add other brakes. With
    one they stay finite, but beyond it a raw number has no gradient.

    Args:
      bound: largest absolute log-scale.
    """

    bound: float = math.inf

    def __post_init__(self) -> None:
        if not self.bound > 0:
            raise ValueError(f"`bound` must be positive; got {self.bound}.")

    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        if self.bound == math.inf:
            return raw
        return tf.clip_by_value(raw, -self.bound, self.bound)


@dataclasses.dataclass(frozen=True)
class SigmoidScale(ScaleMap):
    """`s = log(max_scale * sigmoid(raw + offset))`: the scale lies in `(0, max_scale)`.

    With the defaults this is Glow's; at `raw == 0` its scale is `sigmoid(2) = 0.88`, so a flow
    does not start at the identity. `SigmoidScale(offset=0.0, max_scale=2.0)` does.

    Args:
      offset: added to the raw number.
      max_scale: upper bound of the scale.
    """

    offset: float = 2.0
    max_scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.max_scale < math.inf:
            raise ValueError(f"`max_scale` must be positive and finite; got {self.max_scale}.")

    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        log_scale = tf.math.log_sigmoid(raw + self.offset if self.offset else raw)
        return log_scale if self.max_scale == 1 else log_scale + math.log(self.max_scale)
