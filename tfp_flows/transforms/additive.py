"""Shifts (NICE, https://arxiv.org/abs/1410.8516, equation 7)."""

import dataclasses

import tensorflow as tf

from tfp_flows.transforms.base import ScalarTransform
from tfp_flows.typing import TensorPair


@dataclasses.dataclass(frozen=True)
class Additive(ScalarTransform):
    """Shifts each entry by `t = raw`, and keeps the volume.

    Forward: `x = z - t`. Inverse: `z = x + t`, as NICE writes it from data to latent. The
    log-slope is 0.
    """

    @property
    def num_params(self) -> int:
        return 1

    def forward_and_log_det(self, z: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        return z - raw, tf.zeros_like(z)

    def inverse_and_log_det(self, x: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        return x + raw, tf.zeros_like(x)
