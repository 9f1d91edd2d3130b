"""Shifts and scales (RealNVP, https://arxiv.org/abs/1605.08803; Glow, 1807.03039)."""

import dataclasses

import tensorflow as tf

from tfp_flows.ops.arguments import check_kind
from tfp_flows.transforms.base import ScalarTransform
from tfp_flows.transforms.scales import ScaleMap, TanhScale
from tfp_flows.typing import TensorPair


@dataclasses.dataclass(frozen=True)
class Affine(ScalarTransform):
    """Shifts each entry by `t` and multiplies it by `exp(s)`, from data to latent.

    Inverse: `z = (x + t) * exp(s)` with log-slope `s`, as the released code of RealNVP and Glow
    has it. Forward: `x = z * exp(-s) - t` with log-slope `-s`. The first block of `raw` is `t`,
    the second becomes `s` through the scale map, whose bounds are the bounds of the slope.

    Args:
      scale: how the raw number becomes `s`: `TanhScale(bound)` keeps `s` in (-bound, bound),
        `SigmoidScale(offset)` keeps the slope in (0, 1) as in Glow and is then not the identity
        at `raw == 0`; `ExpScale()` has no bound and can overflow.
    """

    scale: ScaleMap = TanhScale()

    def __post_init__(self) -> None:
        check_kind("scale", self.scale, ScaleMap)

    @property
    def num_params(self) -> int:
        return 2

    def forward_and_log_det(self, z: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        shift, raw_scale = self._blocks(raw)
        log_scale = self.scale.log_scale(raw_scale)
        return z * tf.exp(-log_scale) - shift, -log_scale

    def inverse_and_log_det(self, x: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        shift, raw_scale = self._blocks(raw)
        log_scale = self.scale.log_scale(raw_scale)
        return (x + shift) * tf.exp(log_scale), log_scale
