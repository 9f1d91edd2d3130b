"""The network in the couplings of Glow."""

from dataclasses import KW_ONLY, dataclass

import keras
import tensorflow as tf

from tfp_flows.nets.checks import check_activation, check_odd, check_scaled
from tfp_flows.nets.images import KerasImageNet
from tfp_flows.nets.scaled_conv import ScaledConv2D
from tfp_flows.ops.arguments import check_int
from tfp_flows.typing import Shape


@dataclass(frozen=True)
class GlowNet:
    """Three convolutions on images `[..., H, W, C]`, of kernel sizes k, 1 and k: a factory of nets.

    The inner two are normalized by the first batch, in `phases.initializing()`; the last one
    starts at 0, and with it all parameters. Calling the factory gives a net that is already built,
    and works at other heights and widths too; see `KerasNet` for what a net takes and returns. A
    context, `[Dc]` or an image, shifts the channels before each activation; of an image with
    multiples of H and W, the tiles become channels.
    As in the code of Glow, https://arxiv.org/abs/1807.03039.

    Args:
      filters: Channels of the hidden layers.
      kernel_size: Height and width of the outer kernels, an odd number.
      edge: Whether the outer kernels see where the image ends, see `ScaledConv2D`.
      log_scale_factor: A number above 1 makes the scales of the convolutions learn faster.
      activation: Name of a Keras activation.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> net = GlowNet(filters=16)(kept_shape=(8, 8, 6), moved_shape=(8, 8, 6), num_params=2)
      >>> net(keras.ops.ones([5, 8, 8, 6])).shape
      TensorShape([5, 8, 8, 12])
    """

    filters: int = 512
    _: KW_ONLY
    kernel_size: int = 3
    edge: bool = True
    log_scale_factor: float = 3.0
    activation: str = "relu"
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_int("filters", self.filters, 1)
        check_odd("kernel_size", self.kernel_size)
        check_activation(self.activation)
        check_scaled(self)

    def __call__(
        self,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> keras.layers.Layer:
        """A built net of `[..., H, W, C]` and context `[..., Dc]` or `[..., Hc, Wc, Cc]`."""
        net = GlowCouplingNet(self, kept_shape, moved_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class GlowCouplingNet(KerasImageNet):
    """The net that `GlowNet` makes; its arguments are those of `KerasNet`."""

    factory = GlowNet

    def __init__(
        self,
        spec: GlowNet,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        self.activation = keras.activations.get(spec.activation)
        self.first = self._conv(spec.filters, spec.kernel_size, data_init=True)
        self.middle = self._conv(spec.filters, 1, data_init=True)
        self.last = self._conv(self.params_shape[-1], spec.kernel_size, data_init=False)
        # A tuple: tf.train.Checkpoint does not see the layers in a list of a Keras layer.
        self.shifts = () if context_shape is None else (self._shift(), self._shift())

    def build(self) -> None:
        """All variables."""
        self.first.build((None, None, None, self.kept_shape[-1]))
        self.middle.build((None, None, None, self.spec.filters))
        self.last.build((None, None, None, self.spec.filters))
        for shift in self.shifts:
            shift.build((None, None, None, self.context_channels))

    def image_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, H, W, num_params * C]`."""
        x = kept
        for i, layer in enumerate([self.first, self.middle]):
            x = layer(x)
            if context is not None:
                # Not keras.ops.add: it takes a [N, 1, 1, 1] for a bias if N happens to be H.
                x = x + self.shifts[i](context)
            x = self.activation(x)
        return self.last(x)

    def _conv(self, filters: int, kernel_size: int, *, data_init: bool) -> ScaledConv2D:
        return ScaledConv2D(
            filters,
            kernel_size,
            edge=self.spec.edge,
            data_init=data_init,
            log_scale_factor=self.spec.log_scale_factor,
            dtype=self.dtype_policy,
        )

    def _shift(self) -> keras.layers.Layer:
        """Without a bias: the convolution it is added to has one."""
        return keras.layers.Conv2D(
            self.spec.filters,
            kernel_size=1,
            use_bias=False,
            data_format="channels_last",
            dtype=self.dtype_policy,
        )
