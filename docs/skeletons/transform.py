"""Skew and tails (sinh-arcsinh, Jones & Pewsey 2009)."""

import dataclasses

import tensorflow as tf

from tfp_flows.transforms import ScalarTransform, ScaleMap, TanhScale
from tfp_flows.typing import TensorPair


@dataclasses.dataclass(frozen=True)
class SinhArcsinh(ScalarTransform):
    """Skews each entry by `t` and changes its tails by `exp(s)`.

    Inverse: `z = sinh(exp(s) * asinh(x) + t)`, from data to latent, with log-slope
    `s + log cosh(u) - log cosh(asinh(x))`, where `u = exp(s) * asinh(x) + t`. Forward:
    `x = sinh(exp(-s) * (asinh(z) - t))`. The first block of `raw` is `t`, the second becomes `s`
    through the scale map. At `raw == 0` it is the identity.

    Args:
      scale: how the raw number becomes `s`, and its bounds.
    """

    scale: ScaleMap = TanhScale(0.5)

    @property
    def num_params(self) -> int:
        return 2

    def forward_and_log_det(self, z: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        shift, log_scale = self._parameters(raw)
        v = tf.exp(-log_scale) * (tf.asinh(z) - shift)
        return tf.sinh(v), _log_cosh(v) - log_scale - _log_cosh(tf.asinh(z))

    def inverse_and_log_det(self, x: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        shift, log_scale = self._parameters(raw)
        u = tf.exp(log_scale) * tf.asinh(x) + shift
        return tf.sinh(u), _log_cosh(u) + log_scale - _log_cosh(tf.asinh(x))

    def _parameters(self, raw: tf.Tensor) -> TensorPair:
        shift, raw_scale = self._blocks(raw)
        return shift, self.scale.log_scale(raw_scale)


def _log_cosh(v: tf.Tensor) -> tf.Tensor:
    # `cosh` itself overflows at 89 in float32.
    return (
        tf.abs(v) + tf.math.log1p(tf.exp(-2 * tf.abs(v))) - tf.math.log(tf.constant(2.0, v.dtype))
    )
