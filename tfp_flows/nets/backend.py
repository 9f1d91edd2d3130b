"""The Keras backend the nets need."""

import keras


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
