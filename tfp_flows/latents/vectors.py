"""All latents of an event as one flat vector, cut into levels and joined again."""

import math
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors import latent_shapes
from tfp_flows.latents.checks import check_context, check_floats
from tfp_flows.ops.shape import reshape_event
from tfp_flows.typing import Distribution, Shape


def level_shapes(flow: Distribution) -> list[Shape]:
    """Shapes of the latents of each level, in the order of the flat vector."""
    return [tuple(s) for s in latent_shapes(flow.bijector, tuple(flow.event_shape))]


def level_sizes(flow: Distribution) -> list[int]:
    """How many numbers of the flat vector belong to each level."""
    return [math.prod(shape) for shape in level_shapes(flow)]


def to_vector(flow: Distribution, x: tf.Tensor, context: Any) -> tf.Tensor:
    """Events `[..., *event]` as latent vectors `[..., D]`."""
    # A fresh tensor: TFP's cache would give a sample the latent it was made of, even if the
    # variables have changed since.
    z = flow.bijector.inverse(tf.identity(x), **check_context(flow, context))
    return flatten(flow, z)


def from_vector(flow: Distribution, vector: tf.Tensor, context: Any) -> tf.Tensor:
    """Latent vectors `[..., D]` as events `[..., *event]`."""
    z = reshape_event(vector, 1, tuple(flow.distribution.event_shape))
    return flow.bijector.forward(tf.identity(z), **check_context(flow, context))


def flatten(flow: Distribution, z: tf.Tensor) -> tf.Tensor:
    """Latents as the bijector has them, as vectors `[..., D]`."""
    shape = flow.distribution.event_shape
    return reshape_event(z, shape.rank, (shape.num_elements(),))


def split_levels(vector: tf.Tensor, shapes: list[Shape]) -> list[tf.Tensor]:
    """Vectors `[..., D]` as one tensor `[..., *shape]` a level."""
    parts = tf.split(vector, [math.prod(shape) for shape in shapes], axis=-1)
    return [reshape_event(part, 1, shape) for part, shape in zip(parts, shapes, strict=True)]


def join_levels(name: str, latents: Any, flow: Distribution) -> tf.Tensor:
    """One tensor `[..., *shape]` a level as vectors `[..., D]`; the inverse of `split_levels`.

    Raises:
      TypeError: if `latents` is no list or tuple, or holds numbers that are not floating.
      ValueError: if number, shape or batch shape of the latents do not fit, or if they are not
        finite; the message names the level.
    """
    shapes = level_shapes(flow)
    if not isinstance(latents, list | tuple):
        kind = type(latents).__name__
        raise TypeError(f"`{name}` must be a list of one tensor for each level; got a {kind}.")
    if len(latents) != len(shapes):
        raise ValueError(
            f"`{name}` must hold one tensor for each level, of event shapes {shapes}; got "
            f"{len(latents)}, so level {min(len(latents), len(shapes))} has none to match."
        )
    dtype = flow.distribution.dtype
    parts = [
        check_floats(f"{name}[{level}]", part, shape, dtype)
        for level, (part, shape) in enumerate(zip(latents, shapes, strict=True))
    ]
    flat = [
        reshape_event(part, len(shape), (math.prod(shape),))
        for part, shape in zip(parts, shapes, strict=True)
    ]
    _check_batches(name, flat)
    return tf.concat(flat, axis=-1)


def _check_batches(name: str, flat: list[tf.Tensor]) -> None:
    wanted = flat[0].shape[:-1]
    for level, part in enumerate(flat):
        got = part.shape[:-1]
        if not wanted.is_compatible_with(got):
            raise ValueError(
                f"`{name}[{level}]` must have the batch shape of level 0, {wanted}; got {got}."
            )
