"""Scales alone (NICE, section 3.3)."""

import dataclasses

import tensorflow as tf

from tfp_flows.ops.arguments import check_kind
from tfp_flows.transforms.base import ScalarTransform
from tfp_flows.transforms.scales import ExpScale, ScaleMap
from tfp_flows.typing import TensorPair


@dataclasses.dataclass(frozen=True)
class Scale(ScalarTransform):
    """Multiplies each entry by `exp(s)`, from data to latent: inverse `z = x * exp(s)`.

    In `bijectors.Elementwise` it is the top layer of NICE, https://arxiv.org/abs/1410.8516.

    Args:
      scale: how the raw number becomes `s`.
    """

    scale: ScaleMap = ExpScale()

    def __post_init__(self) -> None:
        check_kind("scale", self.scale, ScaleMap)

    @property
    def num_params(self) -> int:
        return 1

    def forward_and_log_det(self, z: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        log_scale = self.scale.log_scale(raw)
        return z * tf.exp(-log_scale), tf.broadcast_to(-log_scale, tf.shape(z))

    def inverse_and_log_det(self, x: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        log_scale = self.scale.log_scale(raw)
        return x * tf.exp(log_scale), tf.broadcast_to(log_scale, tf.shape(x))
