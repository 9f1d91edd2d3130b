"""What a pass through a flow is for: to use it, to train it, or to initialize it.

Layers whose behaviour depends on it ask here. The phase belongs to the thread (and, while a graph
is traced, to the graph): nothing is stored, and outside of the two blocks a flow is just used.
"""

import contextlib
import contextvars
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

_PHASE = contextvars.ContextVar("tfp_flows_phase", default="use")
_IS_REPEATED = contextvars.ContextVar("tfp_flows_is_repeated", default=False)


def training(*, when: bool = True) -> contextlib.AbstractContextManager[None]:
    """A block in which layers train: batch normalization uses and tracks the statistics of batches.

    `FlowModel` enters it by itself; a training loop of your own does it around `log_prob`.

    Args:
      when: `False` leaves the phase as it is.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors, phases
      >>> layer = bijectors.BatchNormalization((2,))
      >>> with phases.training():
      ...     z = layer.inverse(tf.constant([[1.0, 2.0], [3.0, 6.0]]))
      >>> [round(float(v), 2) for v in tf.reduce_mean(z, axis=0)]
      [0.0, 0.0]
    """
    return _phase("training") if when else contextlib.nullcontext()


def initializing() -> contextlib.AbstractContextManager[None]:
    """A block in which data-dependent layers set themselves; see `training.initialize`."""
    return _phase("initializing")


@contextlib.contextmanager
def repeating(phase: str) -> Iterator[None]:
    """A block that does again what was done in a phase that `current()` told.

    Layers compute what they did, and remember nothing: they have seen the batch.
    """
    token = _IS_REPEATED.set(True)
    try:
        with _phase(phase):
            yield
    finally:
        _IS_REPEATED.reset(token)


def set_once(initialized: Any, values: Sequence[tuple[Any, tf.Tensor]]) -> None:
    """Gives variables of a data-dependent layer their values, unless it was done or restored.

    Args:
      initialized: the boolean variable by which the layer remembers; of TensorFlow or of Keras, as
        the others.
      values: pairs of a variable and its new value, of any floating dtype.
    """
    # As a tensor: no `if` can tell replicas or a traced graph apart.
    is_done = tf.identity(tf.convert_to_tensor(initialized))
    for variable, new in values:
        variable.assign(tf.where(is_done, variable, tf.cast(new, variable.dtype)))
    initialized.assign(True)  # noqa: FBT003


def current() -> str:
    """The phase we are in."""
    return _PHASE.get()


def is_training() -> bool:
    """Whether we are inside `training()`."""
    return _PHASE.get() == "training"


def is_initializing() -> bool:
    """Whether we are inside `initializing()`."""
    return _PHASE.get() == "initializing"


def is_repeated() -> bool:
    """Whether we are inside `repeating(...)`."""
    return _IS_REPEATED.get()


@contextlib.contextmanager
def _phase(name: str) -> Iterator[None]:
    token = _PHASE.set(name)
    try:
        yield
    finally:
        _PHASE.reset(token)
