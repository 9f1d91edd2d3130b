"""What backpropagation by hand needs: an order of computations, and a guard."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def after(gradients: Sequence[tf.Tensor], value: Any) -> Any:
    """The floating value, or structure of them, not computed with before the gradients are there.

    Else a graph may compute all at once what is to be in memory one by one, and XLA finds that it
    has computed it before and keeps that.

    Args:
      gradients: one at least.
      value: tensors; `None` stays what it is.
    """
    if tf.executing_eagerly():
        return value
    with tf.control_dependencies(gradients):
        # XLA heeds no control dependencies. It cannot know that this is 0.
        first = tf.reshape(gradients[0], [-1])[:1]
        zero = tf.minimum(tf.reduce_min(tf.abs(first)), 0)
        return tf.nest.map_structure(
            lambda x: None if x is None else x + tf.cast(zero, x.dtype), value
        )


def once_differentiable(gradients: Sequence[Any], message: str) -> list[Any]:
    """The gradients, as they are, with an error for who asks for gradients of them.

    Args:
      gradients: tensors, or `None`.
      message: of the `NotImplementedError`.
    """

    @tf.custom_gradient
    def guard(gradient: tf.Tensor) -> Any:
        def refuse(*_: tf.Tensor) -> None:
            raise NotImplementedError(message)

        return tf.identity(gradient), refuse

    return [gradient if gradient is None else guard(gradient) for gradient in gradients]
