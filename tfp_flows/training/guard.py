"""Training stops at the first number that is not finite, and says where."""

import re
from typing import Any

import keras
import tensorflow as tf

_MARK = "tfp_flows-guard"


def require_finite(value: Any, what: str, step: Any) -> list[tf.Operation]:
    """Operations that fail when a floating tensor in `value` holds NaN or inf.

    Args:
      value: a tensor or a structure of them.
      what: what the error calls it.
      step: which step it is, a number or a scalar tensor.
    """
    return [
        tf.debugging.Assert(
            tf.reduce_all(tf.math.is_finite(tensor)), [f"{_MARK}({what})", step], summarize=1
        )
        for tensor in tf.nest.flatten(value)
        if tensor.dtype.is_floating
    ]


class BatchClock(keras.callbacks.Callback):
    """Knows the epoch and its first step, to turn a global step into the index of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0
        self._first_step = 0
        self._seen = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch
        self._first_step = int(self.model.optimizer.iterations)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # XLA leaves assertions out, so there the loss itself is looked at.
        if self.model.jit_compile and not keras.ops.isfinite((logs or {}).get("loss", 0.0)):
            raise ValueError(self._message("The loss", batch))

    def explain(self, error: tf.errors.InvalidArgumentError) -> ValueError | None:
        """What a failed `require_finite` means to a person; `None` for other errors."""
        found = re.search(rf"{_MARK}\((.*?)\)\D*(\d+)", error.message)
        if found is None:
            return None
        return ValueError(self._message(found[1], int(found[2]) - self._first_step))

    def _message(self, what: str, batch: int) -> str:
        return (
            f"{what} must be finite; got NaN or inf in batch {batch} of epoch {self._epoch} "
            "(both counted from 0). Training stopped there."
        )
