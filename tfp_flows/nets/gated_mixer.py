"""The gated residual layers of Flow++ between two convolutions of kernel size 1."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.base import check_event
from tfp_flows.nets.gated import Gated


class GatedMixer2D(Gated):
    """y = x + A * sigmoid(B), where [A, B] = conv(drop(mix(conv(x + positions)))).

    A subclass defines `mix`, from `[N, H, W, 3 * filters]` to `[N, H, W, filters]`.

    Args:
      filters: Channels of x and y.
      dropout: Rate in [0, 1), when called with `training=True`.
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
        dropout: float = 0.0,
        weight_norm: bool = False,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            last_kernel_size=1,
            dropout=dropout,
            weight_norm=weight_norm,
            dtype=dtype,
            **kwargs,
        )
        self.first = self.conv(3 * filters, 1)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, filters]`."""
        self.check_channels(input_shape)
        self.first.build(input_shape)
        self.last.build(input_shape)

    def call(self, x: tf.Tensor, positions: tf.Tensor | None = None) -> tf.Tensor:
        """`[N, H, W, filters]` of the same, and positions `[H, W, filters]` that all images share.

        A `ValueError` says that the positions have another shape.
        """
        here = x
        if positions is not None:
            check_event("positions", positions, tuple(x.shape[1:]))
            here = x + positions
        return self.gate(x, self.mix(self.first(here)))

    def mix(self, hidden: tf.Tensor) -> tf.Tensor:
        """`[N, H, W, filters]` of `[N, H, W, 3 * filters]`."""
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="tfp_flows")
class GatedPointwise2D(GatedMixer2D):
    """What Flow++ has instead of attention in its ablation: it mixes channels only.

    y = x + A * sigmoid(B), where [A, B] = conv(drop(maxout(conv(x + positions)))): each channel is
    the largest of three. It has as many parameters as `GatedAttention2D`, and the same arguments
    but the heads. The convolutions, of kernel size 1, are `DataInitConv2D`: the first batch in
    `phases.initializing()` sets them. Ho et al. 2019, https://arxiv.org/abs/1902.00275.

    Args:
      filters: Channels of x and y.
      dropout: Rate in [0, 1), when called with `training=True`.
      weight_norm: Whether convolutions have weight normalization.
      dtype: Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If an argument has the wrong type.
      ValueError: If an argument has a bad value.

    Example:
      >>> GatedPointwise2D(4)(keras.ops.ones([2, 8, 8, 4])).shape
      TensorShape([2, 8, 8, 4])
    """

    def mix(self, hidden: tf.Tensor) -> tf.Tensor:
        """The maximum of each three channels that follow each other."""
        shape = tf.concat([tf.shape(hidden)[:-1], [self.filters, 3]], axis=0)
        return tf.reduce_max(tf.reshape(hidden, shape), axis=-1)
