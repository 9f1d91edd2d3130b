"""Convolutions with weight normalization."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.weight_norm import WeightNorm


class WeightNormConv2D(WeightNorm):
    """y = act(x * (g * v / ||v||) + b), a `keras.layers.Conv2D` with weight normalization.

    Channels are last, the padding is "same", and it starts as the Conv2D layer of the same seed
    does. Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868.

    Args:
      filters: Number of output channels.
      kernel_size: Height and width of the kernel.
      activation: Name of a Keras activation; None for none.
      dtype: Keras dtype or policy; None for the global policy.
      **kwargs: Of `WeightNorm`: without bias or gain, and other starts.

    Example:
      >>> WeightNormConv2D(3, kernel_size=3)(keras.ops.ones([2, 8, 8, 1])).shape
      TensorShape([2, 8, 8, 3])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        activation: str | None = None,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, activation, dtype, **kwargs)
        self.kernel_size = kernel_size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, C]`."""
        self._add_weights((self.kernel_size, self.kernel_size, input_shape[-1], self.units))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Outputs `[N, H, W, filters]` of inputs `[N, H, W, C]`."""
        kernel = keras.ops.cast(self.kernel, self.compute_dtype)
        outputs = keras.ops.conv(inputs, kernel, padding="same", data_format="channels_last")
        return self._finish(outputs)
