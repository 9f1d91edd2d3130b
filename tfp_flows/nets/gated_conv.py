"""The gated residual convolution of Flow++."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.concat_elu import concat_elu
from tfp_flows.nets.gated import Gated
from tfp_flows.ops.arguments import check_int


@keras.saving.register_keras_serializable(package="tfp_flows")
class GatedConv2D(Gated):
    """y = x + A * sigmoid(B), [A, B] = conv(drop(elu(conv(elu(x)) + shift(elu(context))))).

    The elu is `concat_elu`. Channels are last and the padding is "same". The convolutions are
    `DataInitConv2D`: the first batch in `phases.initializing()` sets them. Without context there
    is no shift. From Flow++, Ho et al. 2019, https://arxiv.org/abs/1902.00275.

    Args:
      filters: Channels of x and y.
      kernel_size: Height and width of the first kernel, an odd number.
      last_kernel_size: Height and width of the second kernel, an odd number.
      context_channels: Channels of the context; None for no context.
      dropout: Rate in [0, 1), when called with `training=True`.
      weight_norm: Whether convolutions have weight normalization.
      dtype: Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If an argument has the wrong type.
      ValueError: If an argument has a bad value.

    Example:
      >>> layer = GatedConv2D(4, context_channels=3)
      >>> layer(keras.ops.ones([2, 8, 8, 4]), keras.ops.ones([2, 1, 1, 3])).shape
      TensorShape([2, 8, 8, 4])
    """

    def __init__(
        self,
        filters: int,
        *,
        kernel_size: int = 3,
        last_kernel_size: int = 1,
        context_channels: int | None = None,
        dropout: float = 0.0,
        weight_norm: bool = False,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            last_kernel_size=last_kernel_size,
            dropout=dropout,
            weight_norm=weight_norm,
            dtype=dtype,
            **kwargs,
        )
        if context_channels is not None:
            check_int("context_channels", context_channels, 1)
        self.kernel_size, self.context_channels = kernel_size, context_channels
        self.first = self.conv(filters, kernel_size)
        self.shift = None if context_channels is None else self.conv(filters, 1)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, filters]`."""
        self.check_channels(input_shape)
        doubled = (None, None, None, 2 * self.filters)
        self.first.build(doubled)
        self.last.build(doubled)
        if self.shift is not None:
            self.shift.build((None, None, None, 2 * self.context_channels))

    def call(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """`[N, H, W, filters]` of the same, and context `[N, H or 1, W or 1, context_channels]`.

        A `ValueError` says that the context is missing or unexpected.
        """
        if (context is None) != (self.shift is None):
            wanted = "None" if self.shift is None else f"{self.context_channels} channels"
            got = None if context is None else context.shape
            raise ValueError(f"`context` must be {wanted}; got {got}.")
        y = self.first(concat_elu(x))
        if self.shift is not None:
            # Not keras.ops.add: it takes a [N, 1, 1, 1] for a bias if N happens to be H.
            y = y + self.shift(concat_elu(context))
        return self.gate(x, concat_elu(y))

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the layer again."""
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "last_kernel_size": self.last.kernel_size,
            "context_channels": self.context_channels,
        }
