"""Any number of batch axes as one."""

from collections.abc import Callable

import tensorflow as tf

Restore = Callable[[tf.Tensor, int], tf.Tensor]


def flatten_batch(x: tf.Tensor, event_ndims: int) -> tuple[tf.Tensor, Restore]:
    """`[..., *event]` as `[N, *event]`, with the way back for whatever is computed from it.

    A tensor which statically has one batch axis is returned as it is: no operation is added
    on either way. Everything else is one reshape there and one back; sizes, and even the number
    of batch axes, may be unknown until run time.

    Args:
      x: Tensor `[..., *event]`.
      event_ndims: Number of trailing axes that are not batch axes.

    Returns:
      The flat tensor `[N, *event]`, where N is 1 for an empty batch shape, and
      `restore(y, event_ndims_out)`, which takes `y` `[N, *event_out]` with `event_ndims_out`
      event axes to `[..., *event_out]`.

    Raises:
      ValueError: If `event_ndims` is negative or more than the rank of `x`.

    Example:
      >>> flat, restore = flatten_batch(tf.zeros([2, 3, 5]), event_ndims=1)
      >>> flat.shape, restore(flat[:, :4], 1).shape
      (TensorShape([6, 5]), TensorShape([2, 3, 4]))
    """
    x = tf.convert_to_tensor(x)
    _check_rank(x, event_ndims)
    if x.shape.rank == event_ndims + 1:
        return x, _unchanged
    batch = _batch_sizes(x, event_ndims)
    flat = tf.reshape(x, [_product(batch), *_last_sizes(x, event_ndims)])
    return flat, lambda y, event_ndims_out: _restore(y, batch, event_ndims_out)


def _check_rank(x: tf.Tensor, event_ndims: int) -> None:
    if event_ndims < 0:
        raise ValueError(f"`event_ndims` must be at least 0; got {event_ndims}.")
    rank = x.shape.rank
    if rank is not None and rank < event_ndims:
        raise ValueError(f"`x` must have rank at least {event_ndims}; got shape {x.shape}.")


def _unchanged(y: tf.Tensor, event_ndims_out: int) -> tf.Tensor:
    del event_ndims_out
    return y


def _batch_sizes(x: tf.Tensor, event_ndims: int) -> list[int | tf.Tensor] | tf.Tensor:
    """Leading sizes: a list when the rank is known, else a vector."""
    if x.shape.rank is None:
        return tf.shape(x)[: tf.rank(x) - event_ndims]
    return _last_sizes(x, x.shape.rank)[: x.shape.rank - event_ndims]


def _last_sizes(x: tf.Tensor, ndims: int) -> list[int | tf.Tensor]:
    """The last `ndims` sizes, each a plain int where it is known."""
    rank = x.shape.rank
    static = [None] * ndims if rank is None else x.shape.as_list()[rank - ndims :]
    if None not in static:
        return static
    dynamic = tf.shape(x)
    sizes = zip(static, range(-ndims, 0), strict=True)
    return [dynamic[axis] if size is None else size for size, axis in sizes]


def _product(sizes: list[int | tf.Tensor] | tf.Tensor) -> int | tf.Tensor:
    """Number of batch members (-1 for "the rest" is ambiguous as soon as a size is 0)."""
    if isinstance(sizes, tf.Tensor):
        return tf.reduce_prod(sizes)
    product = 1
    for size in sizes:
        product = size * product
    return product


def _restore(y: tf.Tensor, batch: list[int | tf.Tensor] | tf.Tensor, event_ndims: int) -> tf.Tensor:
    event = _last_sizes(y, event_ndims)
    if isinstance(batch, tf.Tensor):
        return tf.reshape(y, tf.concat([batch, tf.cast(event, tf.int32)], axis=0))
    return tf.reshape(y, batch + event)
