"""The gated self-attention of Flow++."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.edge import image_sizes
from tfp_flows.nets.gated_mixer import GatedMixer2D
from tfp_flows.ops.arguments import check_int


@keras.saving.register_keras_serializable(package="tfp_flows")
class GatedAttention2D(GatedMixer2D):
    """y = x + A * sigmoid(B), where [A, B] = conv(drop(attend(conv(x + positions)))).

    Each pixel attends to all of its image, in each of `num_heads` groups of channels. The
    convolutions, of kernel size 1, are `DataInitConv2D`: the first batch in
    `phases.initializing()` sets them. The softmax is computed in at least float32.
    From Flow++, Ho et al. 2019, https://arxiv.org/abs/1902.00275.

    The attention weights are `num_heads * (H * W)**2` numbers an image: with 4 heads in float32,
    4 MiB for 32 x 16 pixels, 64 MiB for 64 x 32, and 256 MiB for 64 x 64. Each layer keeps them
    for the gradients.

    Args:
      filters: Channels of x and y, a multiple of `num_heads`.
      num_heads: Number of attention heads.
      dropout: Rate in [0, 1), when called with `training=True`.
      weight_norm: Whether convolutions have weight normalization.
      dtype: Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If an argument has the wrong type.
      ValueError: If an argument has a bad value.

    Example:
      >>> GatedAttention2D(4, num_heads=2)(keras.ops.ones([2, 8, 8, 4])).shape
      TensorShape([2, 8, 8, 4])
    """

    def __init__(
        self,
        filters: int,
        *,
        num_heads: int = 4,
        dropout: float = 0.0,
        weight_norm: bool = False,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, dropout=dropout, weight_norm=weight_norm, dtype=dtype, **kwargs)
        check_heads(filters, num_heads)
        self.num_heads = num_heads

    def mix(self, hidden: tf.Tensor) -> tf.Tensor:
        """Attention with the queries, keys and values `[N, H, W, 3 * filters]`."""
        size, (height, width) = tf.shape(hidden)[0], image_sizes(hidden)
        dim = self.filters // self.num_heads
        packed = tf.reshape(hidden, [size, height * width, 3, self.num_heads, dim])
        query, key, value = tf.unstack(packed, axis=2)
        # Scaled here: Keras would round the factor to float32, and 16 bits overflow later.
        mixed = keras.ops.dot_product_attention(query * dim**-0.5, key, value, scale=1.0)
        return tf.reshape(mixed, [size, height, width, self.filters])

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the layer again."""
        return super().get_config() | {"num_heads": self.num_heads}


def check_heads(filters: int, num_heads: int) -> None:
    """Refuse channels that cannot be dealt out to the heads.

    Raises:
      TypeError: If `num_heads` is no integer.
      ValueError: If it is less than 1, or does not divide `filters`.
    """
    check_int("num_heads", num_heads, 1)
    if filters % num_heads:
        raise ValueError(f"`filters` must be a multiple of {num_heads} heads; got {filters}.")
