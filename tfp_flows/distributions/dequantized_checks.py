"""What `Dequantized` is given and what it draws, with errors that say what was wanted."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.levels import checked_levels
from tfp_flows.ops.shape import check_event_shape
from tfp_flows.typing import Distribution, Shape


def check_flow(flow: Any) -> None:
    """Accepts a continuous distribution over one tensor of static shape.

    Raises:
      TypeError: if it is no distribution, or not a continuous one over one tensor.
      ValueError: if its events have no static shape.
    """
    if not isinstance(flow, Distribution):
        raise TypeError(f"`flow` must be a TFP distribution; got {flow!r}.")
    shape = flow.event_shape
    if not isinstance(shape, tf.TensorShape) or not flow.dtype.is_floating:
        raise TypeError(
            f"`flow` must be continuous and have events of one tensor; got {flow!r} of dtype "
            f"{flow.dtype} and event shape {shape}."
        )
    if not shape.is_fully_defined():
        raise ValueError(f"`flow` must have a static event shape; got {shape}.")


def check_events(x: Any, num_levels: int, event_shape: Shape) -> tf.Tensor:
    """`x` as an int32 tensor `[..., *event_shape]` of levels.

    Raises:
      TypeError: if it is not of an integer dtype.
      ValueError: if it has another shape or, where its values are known, is out of range.
      tf.errors.InvalidArgumentError: if it is out of range, in a graph.
    """
    x = checked_levels("x", x, num_levels)
    check_event_shape("x", x, event_shape)
    if x.shape.rank is None:
        return x
    return tf.ensure_shape(x, [*x.shape[: x.shape.rank - len(event_shape)], *event_shape])


def check_not_nan(y: tf.Tensor) -> tf.Tensor:
    """Gives samples `y` of a flow, unless there are NaN among them, which are no level.

    Infinite ones are: the first or the last.

    Raises:
      ValueError: if there are.
      tf.errors.InvalidArgumentError: if there are, in a graph. XLA leaves the check out.
    """
    number = tf.math.count_nonzero(tf.math.is_nan(y))
    message = "`flow` must have samples that are numbers; the number of NaN among them is"
    if tf.is_symbolic_tensor(number):
        with tf.control_dependencies([tf.debugging.Assert(tf.equal(number, 0), [message, number])]):
            return tf.identity(y)
    if number > 0:
        raise ValueError(f"{message} {int(number)}, out of {int(tf.size(y))}.")
    return y


def nan_where_out_of_range(
    log_prob: tf.Tensor, x: tf.Tensor, num_levels: int, event_ndims: int
) -> tf.Tensor:
    """In graphs, which XLA may compile without checks, NaN for events with other levels."""
    if not tf.is_symbolic_tensor(x):
        return log_prob
    inside = (x >= 0) & (x < num_levels)
    inside = tf.reduce_all(inside, axis=list(range(-event_ndims, 0)))
    return tf.where(inside, log_prob, tf.constant(np.nan, log_prob.dtype))
