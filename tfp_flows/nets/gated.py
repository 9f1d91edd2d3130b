"""What the gated residual layers of Flow++ share."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.checks import check_bool, check_dropout
from tfp_flows.nets.data_init import DataInitConv2D
from tfp_flows.ops.arguments import check_int


class Gated(keras.layers.Layer):
    """y = x + A * sigmoid(B), where [A, B] is a convolution of what a subclass makes of x.

    A subclass ends its `call` with `gate`. For the first batch, in `phases.initializing()`, A and
    B have standard deviation 0.1.

    Args:
      filters: Channels of x and y.
      last_kernel_size: Height and width of the kernel of the convolution.
      dropout: Rate in [0, 1), before the convolution.
      weight_norm: Whether convolutions have weight normalization.
      dtype: Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If an argument has the wrong type.
      ValueError: If an argument has a bad value.
    """

    def __init__(
        self,
        filters: int,
        *,
        last_kernel_size: int,
        dropout: float,
        weight_norm: bool,
        dtype: str | keras.DTypePolicy | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.filters = check_int("filters", filters, 1)
        check_dropout(dropout)
        check_bool("weight_norm", weight_norm)
        self.dropout, self.weight_norm = dropout, weight_norm
        # Dropout holds a seed variable, so there is none where nothing is dropped.
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy) if dropout else None
        self.last = self.conv(2 * filters, last_kernel_size, init_scale=0.1)

    def conv(self, filters: int, kernel_size: int, *, init_scale: float = 1.0) -> DataInitConv2D:
        """A convolution of this layer's kind."""
        return DataInitConv2D(
            filters,
            kernel_size,
            init_scale=init_scale,
            weight_norm=self.weight_norm,
            dtype=self.dtype_policy,
        )

    def gate(self, x: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        """The sum x + A * sigmoid(B), with A and B of what a subclass made of x."""
        hidden = hidden if self.drop is None else self.drop(hidden)
        value, gate = tf.split(self.last(hidden), 2, axis=-1)
        return x + value * tf.sigmoid(gate)

    def check_channels(self, input_shape: tuple[int | None, ...]) -> None:
        """Refuse inputs that A cannot be added to.

        Raises:
          ValueError: If they have not `filters` channels.
        """
        if input_shape[-1] != self.filters:
            raise ValueError(f"`x` must have {self.filters} channels; got {input_shape}.")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """That of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the layer again."""
        return super().get_config() | {
            "filters": self.filters,
            "dropout": self.dropout,
            "weight_norm": self.weight_norm,
        }
