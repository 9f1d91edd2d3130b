"""The network in the couplings of RealNVP, as its released code has it."""

from dataclasses import KW_ONLY, dataclass

import keras
import tensorflow as tf

from tfp_flows.nets.checks import check_dtype, check_number
from tfp_flows.nets.images import KerasImageNet
from tfp_flows.nets.realnvp_layers import (
    RealNVPBlock,
    batch_norm,
    both_signs,
    direction_conv,
    gained_conv,
    regularizer,
)
from tfp_flows.ops.arguments import check_int
from tfp_flows.typing import Shape


@dataclass(frozen=True)
class RealNVPNet:
    """RealNVP's residual network with batch normalization on images: a factory of nets.

    With two parameters they are `[t, rescale * tanh(s)]`, where `rescale` is a variable; with
    another number they are the outputs as they are. Calling the factory gives a net that is
    already built, and works at other heights and widths too; see `KerasNet` for what a net takes
    and returns. A context, `[Dc]` or an image, shifts the channels of each block; of an image with
    multiples of H and W, the tiles become channels. Batch normalization uses the statistics of the
    batch when called with `training=True`, as Keras does it in `fit`.
    Dinh et al. 2017, https://arxiv.org/abs/1605.08803.

    Args:
      filters: Channels of the hidden layers.
      num_blocks: Number of residual blocks, of two convolutions each.
      checkerboard: For images of which the pixels with `(row + column) % 2 == checkerboard` are
        kept, and the others 0: the net sees which. None for images of which all pixels are kept.
      rescale: Start of the variable; the released code has 0 for checkerboards, 1 otherwise.
      penalty: On the squares of the gains of the convolutions and of `rescale`, as a Keras loss.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> make_net = RealNVPNet(filters=16, num_blocks=2, checkerboard=0)
      >>> net = make_net(kept_shape=(8, 8, 3), moved_shape=(8, 8, 3), num_params=2)
      >>> net(keras.ops.ones([5, 8, 8, 3])).shape
      TensorShape([5, 8, 8, 6])
    """

    filters: int = 64
    num_blocks: int = 8
    _: KW_ONLY
    checkerboard: int | None = None
    rescale: float = 1.0
    penalty: float = 5e-5
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_int("filters", self.filters, 1)
        check_int("num_blocks", self.num_blocks, 1)
        if self.checkerboard is not None:
            check_int("checkerboard", self.checkerboard, 0, 1)
        check_number("rescale", self.rescale)
        check_number("penalty", self.penalty)
        if self.penalty < 0:
            raise ValueError(f"`penalty` must be at least 0; got {self.penalty}.")
        check_dtype(self.dtype)

    def __call__(
        self,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> keras.layers.Layer:
        """A built net of `[..., H, W, C]` and context `[..., Dc]` or `[..., Hc, Wc, Cc]`."""
        net = RealNVPCouplingNet(self, kept_shape, moved_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class RealNVPCouplingNet(KerasImageNet):
    """The net that `RealNVPNet` makes; its arguments are those of `KerasNet`."""

    factory = RealNVPNet

    def __init__(
        self,
        spec: RealNVPNet,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        if spec.checkerboard is not None and self.kept_shape != self.moved_shape:
            raise ValueError(
                "`kept_shape` and `moved_shape` must be the same for a checkerboard, with zeros "
                f"for the pixels that are not kept; got {self.kept_shape} and {self.moved_shape}."
            )
        filters, dtype = spec.filters, self.dtype_policy
        self.num_inputs = 2 * self.kept_shape[-1] + (spec.checkerboard is not None)
        self.first_norm, self.last_norm = batch_norm(dtype), batch_norm(dtype)
        self.first_layer = direction_conv(self.num_inputs, filters, dtype)
        # Tuples: tf.train.Checkpoint does not see the layers in a list of a Keras layer.
        self.blocks = tuple(
            RealNVPBlock(filters, self.context_channels, spec.penalty, dtype)
            for _ in range(spec.num_blocks)
        )
        self.skips = tuple(self._pointwise(filters) for _ in range(spec.num_blocks + 1))
        self.last_layer = self._pointwise(self.params_shape[-1])
        self.rescale = None

    def build(self) -> None:
        """All variables."""
        hidden = (None, None, None, self.spec.filters)
        self.first_norm.build((None, None, None, self.kept_shape[-1]))
        self.first_layer.build((None, None, None, self.num_inputs))
        for layer in [*self.blocks, *self.skips, self.last_norm, self.last_layer]:
            layer.build(hidden)
        if self.num_params == 2:
            self.rescale = self.add_weight(
                name="rescale",
                shape=(),
                initializer=keras.initializers.Constant(self.spec.rescale),
                regularizer=regularizer(self.spec.penalty),
            )

    def image_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, H, W, num_params * C]`."""
        x = self.first_layer(both_signs(self.first_norm(kept), self.spec.checkerboard))
        total = self.skips[0](x)
        for block, skip in zip(self.blocks, self.skips[1:], strict=True):
            x = block(x, context)
            total = total + skip(x)
        raw = self.last_layer(keras.ops.relu(self.last_norm(total)))
        if self.rescale is None:
            return raw
        shift, log_scale = tf.split(raw, 2, axis=-1)
        return tf.concat([shift, self.rescale * tf.tanh(log_scale)], axis=-1)

    def _pointwise(self, filters: int) -> keras.layers.Layer:
        return gained_conv(
            self.spec.filters, filters, 1, self.dtype_policy, penalty=self.spec.penalty
        )
