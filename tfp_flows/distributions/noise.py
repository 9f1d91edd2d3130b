"""What a dequantizer is: a density of real numbers given integers."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfp_flows.data import quantize
from tfp_flows.typing import Shape, TensorPair

Draw = Callable[[tf.Tensor], TensorPair]
"""`draw(seed)` gives events `y` and their log-densities."""


class Noise(tf.Module, abc.ABC):
    """Draws real events `y` that `quantize` takes back to the given integers `x`, and `log q(y|x)`.

    `Dequantized` takes one. To write your own, implement `sampler`; also `quantize` and
    `data_shape`, if `y` is not `x` plus noise, rescaled to [0, 1).
    """

    def data_shape(self, flow_shape: Shape, num_levels: int) -> Shape:
        """The shape of one event of integers, where the flow has events of `flow_shape`.

        Args:
          flow_shape: shape of one event of the flow that is to be made discrete.
          num_levels: number of values of an integer.

        Raises:
          ValueError: if the noise does not fit them.
        """
        del num_levels
        return flow_shape

    @abc.abstractmethod
    def sampler(self, x: tf.Tensor, num_levels: int, event_shape: Shape, dtype: tf.DType) -> Draw:
        """A function of a stateless seed that draws noise for `x`, which may be called repeatedly.

        Args:
          x: int32 tensor `[..., *event_shape]` in `0..num_levels - 1`, checked.
          num_levels: number of values of an integer.
          event_shape: shape of one event of integers.
          dtype: floating, of what is drawn.

        Returns:
          `draw(seed)`, which gives `y` `[..., *flow_shape]` and `log q(y|x)`, one number an event
          or one for all. What does not depend on the seed is computed outside of it, once.
        """

    def quantize(self, y: tf.Tensor, num_levels: int) -> tf.Tensor:
        """The integers to which events `y` of the flow belong."""
        return quantize(y, num_levels)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {}
