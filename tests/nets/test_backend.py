"""Only the TensorFlow backend of Keras is let in."""

import re

import keras
import pytest

from tfp_flows.nets import require_tensorflow_backend


def test_tensorflow_is_let_in():
    assert require_tensorflow_backend() is None


def test_other_backends_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    message = (
        "`keras.backend.backend()` must be 'tensorflow'; got 'jax'. "
        "Set KERAS_BACKEND=tensorflow before importing keras."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        require_tensorflow_backend()
