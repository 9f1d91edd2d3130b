"""What the nets on images share: their shapes, and what becomes of the context."""

from typing import Any, ClassVar

import tensorflow as tf

from tfp_flows.nets.base import KerasNet
from tfp_flows.nets.context import check_context, context_as_image, context_channels
from tfp_flows.typing import Shape


class KerasImageNet(KerasNet):
    """A `KerasNet` on images `[..., H, W, C]`, which works at other heights and widths too.

    A subclass says in `factory` what makes it, and defines `image_call(kept, context)` for kept
    images `[N, H, W, C]` and contexts `[N, H or 1, W or 1, context_channels]`. Its arguments are
    those of `KerasNet`.

    Raises:
      ValueError: If the shapes are no images of one size, or the context has no size for them.
    """

    factory: ClassVar[Any]

    def __init__(
        self,
        spec: Any,
        kept_shape: Shape,
        moved_shape: Shape,
        num_params: int,
        context_shape: Shape | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        _check_images(self.kept_shape, self.moved_shape)
        self.context_channels = None
        if self.context_shape is not None:
            check_context(self.context_shape, self.kept_shape)
            self.context_channels = context_channels(self.context_shape, self.kept_shape)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "KerasImageNet":
        """The built net of a config."""
        del custom_objects
        shapes = {name: value for name, value in config.items() if name != "spec"}
        return cls.factory(**config["spec"])(**shapes)

    def accepted(self, shape: Shape) -> tuple[int | None, ...]:
        """Channels as built, any height and width."""
        return (*(None for _ in shape[:-1]), shape[-1])

    def flat_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, H, W, num_params * C]`."""
        if context is not None:
            context = context_as_image(context, self.context_shape, self.kept_shape)
        return self.image_call(kept, context)

    def image_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters of `[N, H, W, C]` and `[N, H or 1, W or 1, context_channels]`."""
        raise NotImplementedError


def _check_images(kept: Shape, moved: Shape) -> None:
    if {len(kept), len(moved)} != {3} or kept[:2] != moved[:2]:
        raise ValueError(
            "`kept_shape` and `moved_shape` must be [H, W, C] with the same H and W; "
            f"got {kept} and {moved}."
        )
