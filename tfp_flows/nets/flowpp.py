"""The network in the couplings of Flow++."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

import keras
import tensorflow as tf

from tfp_flows.nets.checks import check_bool, check_gated
from tfp_flows.nets.concat_elu import concat_elu
from tfp_flows.nets.data_init import DataInitConv2D
from tfp_flows.nets.gated_attention import check_heads
from tfp_flows.nets.gated_block import GatedBlock, add_positions
from tfp_flows.nets.images import KerasImageNet
from tfp_flows.typing import Shape

_MIXERS = ("attention", "pointwise", None)


@dataclass(frozen=True)
class FlowPPNet:
    """Gated convolutions and self-attention on images `[..., H, W, C]`: a factory of nets.

    The first batch in `phases.initializing()` sets the convolutions, see `DataInitConv2D`. The
    parameters do not start at 0: for that batch they have mean 0 and standard deviation 0.1.
    Calling the factory gives a net that is already built, for one height and width: it learns
    positions. See `KerasNet` for what a net takes and returns. A context, `[Dc]` or an image,
    shifts the channels in each block; of an image with multiples of H and W, the tiles become
    channels. For the memory that attention takes, see `GatedAttention2D`.
    Ho et al. 2019, https://arxiv.org/abs/1902.00275, and its released code.

    Args:
      filters: Channels of the hidden layers, a multiple of `num_heads` for attention.
      num_blocks: Number of blocks.
      num_heads: Number of attention heads.
      mixer: What follows the convolution in a block: "attention"; "pointwise", with as many
        parameters, which mixes channels only; or None for nothing.
      dropout: Rate in [0, 1), when called with `training=True`.
      final_activation: Whether `concat_elu` comes before the last convolution.
      weight_norm: Whether convolutions have weight normalization.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> make_net = FlowPPNet(filters=16, num_blocks=2)
      >>> net = make_net(kept_shape=(8, 4, 3), moved_shape=(8, 4, 3), num_params=14)
      >>> net(keras.ops.ones([5, 8, 4, 3])).shape
      TensorShape([5, 8, 4, 42])
    """

    filters: int = 96
    num_blocks: int = 10
    _: KW_ONLY
    num_heads: int = 4
    mixer: Literal["attention", "pointwise"] | None = "attention"
    dropout: float = 0.2
    final_activation: bool = False
    weight_norm: bool = False
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_gated(self)
        if self.mixer not in _MIXERS:
            raise ValueError(f"`mixer` must be one of {_MIXERS}; got {self.mixer!r}.")
        if self.mixer == "attention":
            check_heads(self.filters, self.num_heads)
        check_bool("final_activation", self.final_activation)

    def __call__(
        self,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> keras.layers.Layer:
        """A built net of `[..., H, W, C]` and context `[..., Dc]` or `[..., Hc, Wc, Cc]`."""
        net = FlowPPCouplingNet(self, kept_shape, moved_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class FlowPPCouplingNet(KerasImageNet):
    """The net that `FlowPPNet` makes; its arguments are those of `KerasNet`."""

    factory = FlowPPNet

    def __init__(
        self,
        spec: FlowPPNet,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        each = {"weight_norm": spec.weight_norm, "dtype": self.dtype_policy}
        self.first = DataInitConv2D(spec.filters, 3, **each)
        # A tuple: tf.train.Checkpoint does not see the layers in a list of a Keras layer.
        self.blocks = tuple(
            GatedBlock(
                spec.filters,
                last_kernel_size=1,
                context_channels=self.context_channels,
                layer_norm=True,
                mixer=spec.mixer,
                num_heads=spec.num_heads,
                dropout=spec.dropout,
                **each,
            )
            for _ in range(spec.num_blocks)
        )
        self.last = DataInitConv2D(self.params_shape[-1], 3, init_scale=0.1, **each)

    def build(self) -> None:
        """All variables."""
        filters = self.spec.filters
        self.positions = add_positions(self, (*self.kept_shape[:2], filters))
        self.first.build((None, None, None, self.kept_shape[-1]))
        for block in self.blocks:
            block.build((None, None, None, filters))
        self.last.build((None, None, None, filters * (1 + self.spec.final_activation)))

    def accepted(self, shape: Shape) -> Shape:
        """As built: positions are learned."""
        return shape

    def image_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, H, W, num_params * C]`."""
        # Where sizes were unknown, one of 1 would be spread over the positions.
        x = self.first(tf.ensure_shape(kept, [None, *self.kept_shape]))
        positions = keras.ops.cast(self.positions, self.compute_dtype)
        if self.spec.mixer is None:
            # The released code makes positions and has no use for them here; so they are learned.
            x, positions = x + positions, None
        for block in self.blocks:
            x = block(x, context, positions)
        return self.last(concat_elu(x) if self.spec.final_activation else x)
