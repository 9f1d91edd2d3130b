"""A convolutional residual network."""

from dataclasses import KW_ONLY, dataclass

import keras
import tensorflow as tf

from tfp_flows.nets.checks import check_layers, check_odd
from tfp_flows.nets.images import KerasImageNet
from tfp_flows.nets.residual import ResidualBlock, same_conv
from tfp_flows.ops.arguments import check_int


@dataclass(frozen=True)
class ConvResNet:
    """Pre-activation residual blocks on images `[..., H, W, C]`: a factory of nets.

    Calling the factory gives a net that is already built, and works at other heights and widths
    too; see `KerasNet` for what a net takes and returns. A context `[Dc]` shifts the channels of
    each block at every position alike, a context `[H, W, Cc]` at each position by its own; of one
    with multiples of H and W, the tiles become channels. As in RealNVP, https://arxiv.org/abs/1605.08803.

    Args:
      filters: Channels of the hidden layers.
      num_blocks: Number of residual blocks, of two convolutions each.
      kernel_size: Height and width of the kernels, an odd number.
      activation: Name of a Keras activation.
      dropout: Rate of the entries dropped inside each block, in training only.
      weight_norm: Whether all layers but the last have weight normalization,
        https://arxiv.org/abs/1602.07868.
      zero_init: Whether the last layer starts at 0, so that all parameters do.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> make_net = ConvResNet(filters=16)
      >>> net = make_net(kept_shape=(8, 8, 3), moved_shape=(8, 8, 3), num_params=2)
      >>> net(keras.ops.ones([5, 8, 8, 3])).shape
      TensorShape([5, 8, 8, 6])
    """

    filters: int = 64
    num_blocks: int = 2
    kernel_size: int = 3
    activation: str = "relu"
    dropout: float = 0.0
    _: KW_ONLY
    weight_norm: bool = False
    zero_init: bool = True
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_int("filters", self.filters, 1)
        check_int("num_blocks", self.num_blocks, 1)
        check_odd("kernel_size", self.kernel_size)
        check_layers(self)

    def __call__(
        self,
        kept_shape: tuple[int, ...],
        moved_shape: tuple[int, ...],
        num_params: int,
        context_shape: tuple[int, ...] | None = None,
    ) -> keras.layers.Layer:
        """A built net of `[..., H, W, C]` and context `[..., Dc]` or `[..., H, W, Cc]`."""
        net = ResidualNet(self, kept_shape, moved_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class ResidualNet(KerasImageNet):
    """The net that `ConvResNet` makes; its arguments are those of `KerasNet`."""

    factory = ConvResNet

    def __init__(
        self,
        spec: ConvResNet,
        kept_shape: tuple[int, ...],
        moved_shape: tuple[int, ...],
        num_params: int,
        context_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        dtype = self.dtype_policy
        self.first_layer = same_conv(spec, spec.kernel_size, dtype)
        blocks = [ResidualBlock(spec, self.context_channels, dtype) for _ in range(spec.num_blocks)]
        # A tuple: tf.train.Checkpoint does not see the layers in a list of a Keras layer.
        self.blocks = tuple(blocks)
        self.activation = keras.activations.get(spec.activation)
        self.last_layer = keras.layers.Conv2D(
            self.params_shape[-1],
            kernel_size=1,
            kernel_initializer="zeros" if spec.zero_init else "glorot_uniform",
            data_format="channels_last",
            dtype=dtype,
        )

    def build(self) -> None:
        """All variables."""
        self.first_layer.build((None, None, None, self.kept_shape[-1]))
        for block in self.blocks:
            block.build((None, None, None, self.spec.filters))
        self.last_layer.build((None, None, None, self.spec.filters))

    def image_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, H, W, num_params * C]`."""
        x = self.first_layer(kept)
        for block in self.blocks:
            x = block(x, context)
        return self.last_layer(self.activation(x))
