"""A pre-activation residual block."""

from typing import Protocol

import keras
import tensorflow as tf

from tfp_flows.nets.weight_norm_conv import WeightNormConv2D


class ConvSpec(Protocol):
    """What a block reads of the factory of its net."""

    filters: int
    kernel_size: int
    activation: str
    dropout: float
    weight_norm: bool


class ResidualBlock(keras.layers.Layer):
    """y = x + conv(drop(act(conv(act(x)) + shift(context)))).

    He et al. 2016, https://arxiv.org/abs/1603.05027.

    Args:
      spec: Widths, activation and dropout rate, a `ConvResNet`.
      context_channels: Channels of the context; None for no context.
      dtype: Keras dtype policy.
    """

    def __init__(
        self, spec: ConvSpec, context_channels: int | None, dtype: keras.DTypePolicy
    ) -> None:
        super().__init__(dtype=dtype)
        self.context_channels = context_channels
        self.activation = keras.activations.get(spec.activation)
        self.first = same_conv(spec, spec.kernel_size, dtype)
        self.second = same_conv(spec, spec.kernel_size, dtype)
        self.shift = None if context_channels is None else same_conv(spec, 1, dtype)
        # Dropout holds a seed variable, so there is none where nothing is dropped.
        self.drop = keras.layers.Dropout(spec.dropout, dtype=dtype) if spec.dropout else None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, filters]`."""
        self.first.build(input_shape)
        self.second.build(input_shape)
        if self.shift is not None:
            self.shift.build((None, None, None, self.context_channels))

    def call(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """`[N, H, W, filters]` of the same, and context `[N, H or 1, W or 1, Dc]`."""
        y = self.first(self.activation(x))
        if self.shift is not None:
            # Not keras.ops.add: it takes a [N, 1, 1, 1] for a bias if N happens to be H.
            y = y + self.shift(context)
        y = self.activation(y)
        y = y if self.drop is None else self.drop(y)
        return x + self.second(y)


def same_conv(spec: ConvSpec, kernel_size: int, dtype: keras.DTypePolicy) -> keras.layers.Layer:
    """A convolution to `[N, H, W, filters]` that keeps height and width."""
    if spec.weight_norm:
        return WeightNormConv2D(spec.filters, kernel_size, dtype=dtype)
    return keras.layers.Conv2D(
        spec.filters, kernel_size, padding="same", data_format="channels_last", dtype=dtype
    )
