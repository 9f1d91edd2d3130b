"""Glow's learned prior of what stays in the flow to the end."""

import dataclasses
import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.base import check_event
from tfp_flows.nets.checks import check_scaled
from tfp_flows.nets.scaled_conv import ScaledConv2D
from tfp_flows.ops.arguments import check_int, check_shape
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import Shape


@dataclass(frozen=True)
class TopPrior:
    """The parameters of a prior of images `[H, W, C]` that depends on nothing: a factory of nets.

    As in Glow's code they are a 3x3 convolution of an image of zeros, and vary in space at the
    edge only; a context of any shape shifts the channels, by 0 at the start. Kingma & Dhariwal
    2018, https://arxiv.org/abs/1807.03039. Calling the factory gives a net that is already built:
    `net()` is `[1, H, W, num_params * C]`, and `net(context)` of contexts `[..., *context_shape]`
    is `[..., H, W, num_params * C]`.

    Args:
      edge: Whether the kernel sees where the image ends, see `ScaledConv2D`.
      log_scale_factor: A number above 1 makes the scales learn faster.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> net = TopPrior()(event_shape=(4, 4, 48), num_params=2)
      >>> net().shape
      TensorShape([1, 4, 4, 96])
    """

    _: KW_ONLY
    edge: bool = True
    log_scale_factor: float = 3.0
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_scaled(self)

    def __call__(
        self, event_shape: Shape, num_params: int, context_shape: Shape | None = None
    ) -> keras.layers.Layer:
        """A built net of nothing, or of context `[..., *context_shape]`."""
        net = TopPriorNet(self, event_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class TopPriorNet(keras.Model):
    """The net that `TopPrior` makes.

    Args:
      spec: What made it.
      event_shape: `(H, W, C)` of the images the parameters are for.
      num_params: Number of parameters for each of their entries.
      context_shape: Event shape of the context; None for no context.

    Raises:
      TypeError: If a shape is no tuple of ints, or `num_params` is no int.
      ValueError: If a size is too small, or `event_shape` is no image's.
    """

    def __init__(
        self,
        spec: TopPrior,
        event_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> None:
        super().__init__(dtype=spec.dtype)
        self.spec = spec
        self.event_shape = check_shape("event_shape", event_shape)
        if len(self.event_shape) != 3:
            raise ValueError(f"`event_shape` must be [H, W, C]; got {self.event_shape}.")
        self.num_params = check_int("num_params", num_params, 1)
        self.context_shape = None
        if context_shape is not None:
            self.context_shape = check_shape("context_shape", context_shape, minimum=0)
        self.top = self._conv(kernel_size=3)
        self.shift = None if context_shape is None else self._conv(kernel_size=1)

    def build(self) -> None:
        """All variables, also those that Glow's code has only to multiply zeros."""
        self.top.build((None, None, None, self.num_params * self.event_shape[-1]))
        if self.shift is not None:
            self.shift.build((None, None, None, math.prod(self.context_shape)))

    def call(self, context: tf.Tensor | None = None) -> tf.Tensor:
        """Raw parameters `[..., H, W, num_params * C]` of context `[..., *context_shape]`.

        Without a context the batch shape is `[1]`; a `ValueError` says that its shape is wrong.
        """
        _check_context(context, self.context_shape)
        raw = self.top.of_zeros(*self.event_shape[:2])
        if self.shift is None:
            return raw
        flat, restore = flatten_batch(context, len(self.context_shape))
        pixel = tf.reshape(flat, [-1, 1, 1, math.prod(self.context_shape)])
        return restore(raw + self.shift(pixel), 3)

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the net again."""
        spec = dataclasses.replace(self.spec, dtype=self.dtype_policy.name)
        return {
            "spec": dataclasses.asdict(spec),
            "event_shape": self.event_shape,
            "num_params": self.num_params,
            "context_shape": self.context_shape,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "TopPriorNet":
        """The built net of a config."""
        del custom_objects
        return TopPrior(**config["spec"])(**{k: v for k, v in config.items() if k != "spec"})

    def _conv(self, kernel_size: int) -> ScaledConv2D:
        return ScaledConv2D(
            self.num_params * self.event_shape[-1],
            kernel_size,
            edge=self.spec.edge,
            log_scale_factor=self.spec.log_scale_factor,
            dtype=self.dtype_policy,
        )


def _check_context(context: tf.Tensor | None, wanted: Shape | None) -> None:
    if wanted is None and context is not None:
        raise ValueError(f"`context` must be None; got shape {context.shape}.")
    if wanted is not None and context is None:
        raise ValueError(f"`context` must have event shape {wanted}; got None.")
    if wanted is not None:
        check_event("context", context, wanted)
