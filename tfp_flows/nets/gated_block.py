"""A block of the networks of Flow++."""

import keras
import tensorflow as tf

from tfp_flows.nets.gated_attention import GatedAttention2D
from tfp_flows.nets.gated_conv import GatedConv2D
from tfp_flows.nets.gated_mixer import GatedPointwise2D


class GatedBlock(keras.layers.Layer):
    """A gated convolution, and what mixes its pixels or channels, each normalized after its sum.

    Args:
      filters: Channels of inputs and outputs.
      last_kernel_size: Height and width of the second kernel of the gated convolution.
      context_channels: Channels of the context; None for no context.
      layer_norm: Whether the convolution is followed by a normalization; a mixer always is.
      mixer: "attention", "pointwise" or None.
      num_heads: Number of attention heads.
      dropout: Rate in [0, 1).
      weight_norm: Whether convolutions have weight normalization.
      dtype: Keras dtype policy.
    """

    def __init__(
        self,
        filters: int,
        *,
        last_kernel_size: int,
        context_channels: int | None = None,
        layer_norm: bool,
        mixer: str | None,
        num_heads: int,
        dropout: float,
        weight_norm: bool,
        dtype: keras.DTypePolicy,
    ) -> None:
        super().__init__(dtype=dtype)
        each = {"dropout": dropout, "weight_norm": weight_norm, "dtype": dtype}
        self.conv = GatedConv2D(
            filters, last_kernel_size=last_kernel_size, context_channels=context_channels, **each
        )
        self.conv_norm = _layer_norm(dtype) if layer_norm else None
        self.mixer = self.mixer_norm = None
        if mixer is not None:
            self.mixer_norm = _layer_norm(dtype)
            self.mixer = (
                GatedAttention2D(filters, num_heads=num_heads, **each)
                if mixer == "attention"
                else GatedPointwise2D(filters, **each)
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, filters]`."""
        for layer in [self.conv, self.conv_norm, self.mixer, self.mixer_norm]:
            if layer is not None:
                layer.build(input_shape)

    def call(
        self,
        x: tf.Tensor,
        context: tf.Tensor | None = None,
        positions: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """`[N, H, W, filters]` of the same.

        Args:
          x: Tensor `[N, H, W, filters]`.
          context: Tensor `[N, H or 1, W or 1, context_channels]`; None without context.
          positions: Tensor `[H, W, filters]` that the mixer adds; None for none.
        """
        x = self.conv(x, context)
        if self.conv_norm is not None:
            x = self.conv_norm(x)
        if self.mixer is not None and self.mixer_norm is not None:
            x = self.mixer_norm(self.mixer(x, positions))
        return x


def add_positions(layer: keras.layers.Layer, shape: tuple[int, int, int]) -> keras.Variable:
    """A variable `[H, W, filters]` of the layer, which tells apart the pixels of its images."""
    return layer.add_weight(
        name="positions", shape=shape, initializer=keras.initializers.RandomNormal(stddev=0.01)
    )


def _layer_norm(dtype: keras.DTypePolicy) -> keras.layers.Layer:
    return keras.layers.LayerNormalization(epsilon=1e-5, dtype=dtype)
