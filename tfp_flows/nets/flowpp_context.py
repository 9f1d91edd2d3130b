"""The network of Flow++ from images to contexts of the flow that dequantizes them."""

import dataclasses
from dataclasses import KW_ONLY, dataclass
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.base import check_event
from tfp_flows.nets.checks import check_bool, check_gated
from tfp_flows.nets.columns import check_columns, fold_columns
from tfp_flows.nets.data_init import DataInitConv2D
from tfp_flows.nets.gated_attention import check_heads
from tfp_flows.nets.gated_block import GatedBlock, add_positions
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import Shape


@dataclass(frozen=True)
class FlowPPContext:
    """From images `[..., H, W, C]` to contexts `[..., H, W / 2, filters]`: a factory of nets.

    Even and odd columns, each H x W/2 pixels, are concatenated on channels; then come a
    convolution and gated ones. The first batch in `phases.initializing()` sets all of them, see
    `DataInitConv2D`. Images should be scaled, to about [-0.5, 0.5]. Calling the factory with the
    shape of the images gives a net that is already built; its `context_shape` is
    `(H, W / 2, filters)`. Ho et al. 2019, https://arxiv.org/abs/1902.00275, and its released code.

    Args:
      filters: Channels of the context and all layers, a multiple of `num_heads` for attention.
      num_blocks: Number of blocks.
      attention: Whether blocks have self-attention, with learned positions, and a layer
        normalization after it; for its memory see `GatedAttention2D`.
      num_heads: Number of attention heads.
      layer_norm: Whether gated convolutions are followed by a layer normalization.
      dropout: Rate in [0, 1), when called with `training=True`.
      weight_norm: Whether convolutions have weight normalization.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> net = FlowPPContext(filters=8)(image_shape=(16, 16, 3))
      >>> net.context_shape
      (16, 8, 8)
      >>> net(keras.ops.ones([5, 16, 16, 3])).shape
      TensorShape([5, 16, 8, 8])
    """

    filters: int = 32
    num_blocks: int = 3
    _: KW_ONLY
    attention: bool = False
    num_heads: int = 4
    layer_norm: bool = False
    dropout: float = 0.2
    weight_norm: bool = False
    dtype: str | None = None

    def __post_init__(self) -> None:
        check_gated(self)
        check_bool("attention", self.attention)
        check_bool("layer_norm", self.layer_norm)
        if self.attention:
            check_heads(self.filters, self.num_heads)

    def __call__(self, image_shape: Shape) -> keras.layers.Layer:
        """A built net of images `[..., H, W, C]`."""
        net = FlowPPContextNet(self, image_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class FlowPPContextNet(keras.Model):
    """The net that `FlowPPContext` makes.

    Args:
      spec: What made it.
      image_shape: `(H, W, C)` of the images, with an even W.

    Raises:
      TypeError: If `image_shape` is no tuple of ints.
      ValueError: If it has a bad value.
    """

    def __init__(self, spec: FlowPPContext, image_shape: Shape) -> None:
        super().__init__(dtype=spec.dtype)
        self.spec = spec
        self.image_shape = check_columns(image_shape)
        each = {"weight_norm": spec.weight_norm, "dtype": self.dtype_policy}
        self.first = DataInitConv2D(spec.filters, 3, **each)
        # A tuple: tf.train.Checkpoint does not see the layers in a list of a Keras layer.
        self.blocks = tuple(
            GatedBlock(
                spec.filters,
                last_kernel_size=3,
                layer_norm=spec.layer_norm,
                mixer="attention" if spec.attention else None,
                num_heads=spec.num_heads,
                dropout=spec.dropout,
                **each,
            )
            for _ in range(spec.num_blocks)
        )
        self.positions = None
        height, width, _ = self.image_shape
        self.context_shape = (height, width // 2, spec.filters)

    def build(self) -> None:
        """All variables."""
        if self.spec.attention:
            self.positions = add_positions(self, self.context_shape)
        self.first.build((None, None, None, 2 * self.image_shape[-1]))
        for block in self.blocks:
            block.build((None, None, None, self.spec.filters))

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Contexts `[..., H, W / 2, filters]` of images `[..., H, W, C]`.

        A `ValueError` says that the images have another shape.
        """
        check_event("images", images, self.image_shape)
        flat, restore = flatten_batch(images, 3)
        # Where sizes were unknown, one of 1 would be spread over the positions.
        flat = tf.ensure_shape(flat, [None, *self.image_shape])
        x = self.first(fold_columns(flat))
        positions = self.positions
        if positions is not None:
            positions = keras.ops.cast(positions, self.compute_dtype)
        for block in self.blocks:
            x = block(x, None, positions)
        return restore(x, 3)

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the net again."""
        spec = dataclasses.replace(self.spec, dtype=self.dtype_policy.name)
        return {"spec": dataclasses.asdict(spec), "image_shape": self.image_shape}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "FlowPPContextNet":
        """The built net of a config."""
        del custom_objects
        return FlowPPContext(**config["spec"])(config["image_shape"])
