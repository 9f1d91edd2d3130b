"""Glow's learned priors: of what leaves a flow given what stays."""

from dataclasses import KW_ONLY, dataclass

import keras
import tensorflow as tf

from tfp_flows.nets.checks import check_odd, check_scaled
from tfp_flows.nets.images import KerasImageNet
from tfp_flows.nets.scaled_conv import ScaledConv2D
from tfp_flows.typing import Shape


@dataclass(frozen=True)
class ZeroConv:
    """One convolution on images `[..., H, W, C]` that starts at 0: a factory of nets.

    Glow has it from the channels that stay to the parameters of the prior of those that leave.
    Calling the factory gives a net that is already built, and works at other heights and widths
    too; see `KerasNet` for what a net takes and returns. A context, `[Dc]` or an image, shifts the
    parameters, by 0 at the start; of an image with multiples of H and W, the tiles become channels.
    Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039.

    Args:
      kernel_size: Height and width of the kernel, an odd number.
      edge: Whether the kernel sees where the image ends, see `ScaledConv2D`.
      log_scale_factor: A number above 1 makes the scale of the convolution learn faster.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> net = ZeroConv()(kept_shape=(8, 8, 6), moved_shape=(8, 8, 6), num_params=2)
      >>> net(keras.ops.ones([5, 8, 8, 6])).shape
      TensorShape([5, 8, 8, 12])
    """

    _: KW_ONLY
    kernel_size: int = 3
    edge: bool = True
    log_scale_factor: float = 3.0
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_odd("kernel_size", self.kernel_size)
        check_scaled(self)

    def __call__(
        self,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> keras.layers.Layer:
        """A built net of `[..., H, W, C]` and context `[..., Dc]` or `[..., Hc, Wc, Cc]`."""
        net = ZeroConvNet(self, kept_shape, moved_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class ZeroConvNet(KerasImageNet):
    """The net that `ZeroConv` makes; its arguments are those of `KerasNet`."""

    factory = ZeroConv

    def __init__(
        self,
        spec: ZeroConv,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        self.conv = ScaledConv2D(
            self.params_shape[-1],
            spec.kernel_size,
            edge=spec.edge,
            log_scale_factor=spec.log_scale_factor,
            dtype=self.dtype_policy,
        )
        # Without a bias: the convolution it is added to has one.
        self.shift = (
            None
            if context_shape is None
            else keras.layers.Conv2D(
                self.params_shape[-1],
                kernel_size=1,
                use_bias=False,
                kernel_initializer="zeros",
                data_format="channels_last",
                dtype=self.dtype_policy,
            )
        )

    def build(self) -> None:
        """All variables."""
        self.conv.build((None, None, None, self.kept_shape[-1]))
        if self.shift is not None:
            self.shift.build((None, None, None, self.context_channels))

    def image_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, H, W, num_params * C]`."""
        raw = self.conv(kept)
        # Not keras.ops.add: it takes a [N, 1, 1, 1] for a bias if N happens to be H.
        return raw if self.shift is None else raw + self.shift(context)
