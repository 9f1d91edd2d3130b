"""What a pass through a flow is for: to use it, to train it, or to initialize it.

Layers whose behaviour depends on it ask here. The phase belongs to the thread (and, while a graph
is traced, to the graph): nothing is stored, and outside of the two blocks a flow is just used.
"""

import contextlib
import contextvars
from collections.abc import Iterator

_PHASE = contextvars.ContextVar("tfp_flows_phase", default="use")


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


def current() -> str:
    """The phase we are in."""
    return _PHASE.get()


def is_training() -> bool:
    """Whether we are inside `training()`."""
    return _PHASE.get() == "training"


def is_initializing() -> bool:
    """Whether we are inside `initializing()`."""
    return _PHASE.get() == "initializing"


@contextlib.contextmanager
def _phase(name: str) -> Iterator[None]:
    token = _PHASE.set(name)
    try:
        yield
    finally:
        _PHASE.reset(token)
