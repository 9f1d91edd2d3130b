"""What the nets need of Keras: its TensorFlow backend, and its dtypes."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf


def require_tensorflow_backend() -> None:
    """Refuse a Keras that does not compute with TensorFlow.

    Raises:
      ValueError: If Keras was imported with another backend.

    Example:
      >>> require_tensorflow_backend()
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ValueError(
            f"`keras.backend.backend()` must be 'tensorflow'; got {backend!r}. "
            "Set KERAS_BACKEND=tensorflow before importing keras."
        )


def global_policy() -> str:
    """The name of the dtype policy that networks without a dtype get now."""
    return keras.config.dtype_policy().name


@contextlib.contextmanager
def under_policy(name: str) -> Iterator[None]:
    """A block in which networks without a dtype get the policy `name`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def wide(value: tf.Tensor | keras.Variable) -> tf.Tensor:
    """The value in float32, or in float64 if it is: 16 bits are for products only."""
    return tf.cast(value, keras.backend.result_type(value.dtype, "float32"))
