"""How a raw number becomes a log-scale."""

import abc
import dataclasses
import math

import tensorflow as tf

from tfp_flows.ops.arguments import check_real

# `exp` of it and of its negative are normal numbers, so that no scale is 0 or infinite.
_LARGEST = {tf.float16: 9.0, tf.bfloat16: 87.0, tf.float32: 87.0, tf.float64: 708.0}


class ScaleMap(abc.ABC):
    """A map from any real number to the logarithm of a positive scale.

    Whatever the raw number, the scale and its inverse are finite and not 0: the maps here keep
    within `exp(-87)` and `exp(87)` in float32, and `exp(708)` in float64.
    """

    @abc.abstractmethod
    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        """`s` for each entry of `raw`."""


@dataclasses.dataclass(frozen=True)
class TanhScale(ScaleMap):
    """`s = bound * tanh(raw / bound)`: the scale lies in `(exp(-bound), exp(bound))`.

    Args:
      bound: largest absolute log-scale, 1e-4 at least. At 2, a single layer stretches or squeezes
        by less than 7.4; near zero `s` is `raw` itself, whatever the bound.
    """

    bound: float = 2.0

    def __post_init__(self) -> None:
        if not 1e-4 <= check_real("bound", self.bound) < math.inf:
            raise ValueError(f"`bound` must be at least 1e-4 and finite; got {self.bound}.")

    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        bound = min(self.bound, _LARGEST[raw.dtype])
        return bound * tf.tanh(raw * (1 / bound))


@dataclasses.dataclass(frozen=True)
class ExpScale(ScaleMap):
    """`s = raw`, clipped to `[-bound, bound]`; by default to what the dtype holds.

    Deep flows without a bound overflow on outliers, to infinite values; the papers that use it add
    other brakes. With one they stay finite, but beyond it a raw number has no gradient.

    Args:
      bound: largest absolute log-scale.
    """

    bound: float = math.inf

    def __post_init__(self) -> None:
        if not check_real("bound", self.bound) > 0:
            raise ValueError(f"`bound` must be positive; got {self.bound}.")

    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        bound = min(self.bound, _LARGEST[raw.dtype])
        return tf.clip_by_value(raw, -bound, bound)


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
        if not math.isfinite(check_real("offset", self.offset)):
            raise ValueError(f"`offset` must be finite; got {self.offset}.")
        if not 0 < check_real("max_scale", self.max_scale) < math.inf:
            raise ValueError(f"`max_scale` must be positive and finite; got {self.max_scale}.")

    def log_scale(self, raw: tf.Tensor) -> tf.Tensor:
        log_scale = -tf.nn.softplus(-self.offset - raw)
        largest, highest = _LARGEST[raw.dtype], math.log(self.max_scale)
        if highest:
            log_scale += highest
        log_scale = tf.maximum(log_scale, -largest)
        return log_scale if highest <= largest else tf.minimum(log_scale, largest)
