"""Training that comes back from a NaN."""

import logging
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfp_flows.ops.arguments import check_int
from tfp_flows.training.callbacks.checks import check_guarded
from tfp_flows.training.callbacks.reduced import reduce_learning_rate
from tfp_flows.training.fault import NonFiniteError

_LOG = logging.getLogger("tfp_flows")


class Rollback(keras.callbacks.Callback):
    """Restores the last good weights at the first NaN or inf, and goes on with the next batch.

    `FlowModel.fit` stops with a `training.NonFiniteError` when data, loss or gradient are not
    finite. With this callback it restores all weights and the state of the optimizer, as they
    were at least `every` batches before, multiplies the learning rate by a factor, writes to the
    log of Python what happened, with batch and layer, and goes on. Good are weights that are finite
    and have trained for another `every` batches without a fault: those right before it often are
    what caused it. Bad data are no fault of the weights: their batch is left out, in each epoch,
    and the weights stay. Faults of a validation stop the training still.

    Two copies of weights and optimizer are kept in the memory of the host. With XLA and
    `steps_per_execution` more than 1 the rest of an execution is left out with the bad batch.

    Args:
      every: batches between two copies.
      max_rollbacks: how often in one `fit`, before the error is raised; bad data do not count.
      learning_rate_factor: of the learning rate or schedule, at each rollback; in (0, 1].

    Attributes:
      faults: the `NonFiniteError`s of the last `fit`, with their batches.

    Raises:
      TypeError: if a number is none, or the model no `FlowModel`.
      ValueError: if a number is out of range, or the learning rate not reducible.

    Example:
      >>> import keras, numpy as np
      >>> from tfp_flows import flows, training
      >>> model = training.FlowModel(flows.coupling_flow((2,), num_couplings=2))
      >>> model.compile(keras.optimizers.Adam(1e-3))
      >>> rollback = training.Rollback(every=50)
      >>> _ = model.fit(np.random.normal(size=(64, 2)), callbacks=[rollback], verbose=0)
      >>> rollback.faults
      []
    """

    def __init__(
        self, *, every: int = 100, max_rollbacks: int = 3, learning_rate_factor: float = 0.5
    ) -> None:
        super().__init__()
        self.every = check_int("every", every, 1)
        self.max_rollbacks = check_int("max_rollbacks", max_rollbacks, 0)
        if not 0 < learning_rate_factor <= 1:
            raise ValueError(
                f"`learning_rate_factor` must be in (0, 1]; got {learning_rate_factor!r}."
            )
        self.learning_rate_factor = learning_rate_factor
        self.faults: list[NonFiniteError] = []
        self._good: list[np.ndarray] | None = None
        self._candidate: list[np.ndarray] | None = None
        self._since = 0
        self._num_good = self._num_rollbacks = 0
        self._steps = 1  # Of an execution; each of its steps is called as if there were no other.

    def set_model(self, model: Any) -> None:
        """As in Keras."""
        check_guarded("Rollback", model)
        super().set_model(model)

    def on_train_begin(self, logs: Any = None) -> None:
        """Takes the weights that training starts with at its first batch."""
        del logs
        self.faults, self._good, self._candidate = [], None, None
        self._num_rollbacks = 0
        self.model.on_fault = self._on_fault

    def on_train_end(self, logs: Any = None) -> None:
        """Lets go of the copies."""
        del logs
        self._good = self._candidate = self.model.on_fault = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Counts the good batches of an epoch."""
        del epoch, logs
        self._num_good = 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Not at the start of training: other callbacks restore weights there."""
        del batch, logs
        self._steps = self.model.steps_per_execution
        if self._good is None:
            self._good, self._since = self._copy(), 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Takes a copy when it is time."""
        del batch, logs
        self._since += self._steps
        self._num_good += self._steps
        if self._since < self.every:
            return
        copy = self._copy()
        if all(np.isfinite(array).all() for array in copy):
            self._good, self._candidate = self._candidate or self._good, copy
            self._since = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Raises the fault if there was no good batch in the epoch, and so are no results."""
        del epoch, logs
        if self._num_good <= 0 and self.faults:
            raise self.faults[-1]

    def _on_fault(self, fault: NonFiniteError) -> bool:
        self.faults.append(fault)
        self._num_good -= self.model.steps_per_execution  # `on_train_batch_end` comes after it.
        if fault.what == "The training data":
            _LOG.warning("%s The batch is left out.", fault)
            return True
        self._num_rollbacks += 1
        if self._num_rollbacks > self.max_rollbacks:
            return False
        text = f"Fault {self._num_rollbacks} of {self.max_rollbacks} that are forgiven: {fault}"
        before = self._learning_rate()
        for variable, array in zip(self._variables(), self._good or [], strict=True):
            variable.assign(array)
        self._candidate, self._since = None, -self._steps
        reduce_learning_rate(self.model, before, self.learning_rate_factor)
        restored = "The last good weights are restored; learning rate"
        _LOG.warning("%s %s %.3g -> %.3g.", text, restored, before, self._learning_rate())
        return True

    def _learning_rate(self) -> float:
        return float(tf.convert_to_tensor(self.model.optimizer.learning_rate))

    def _copy(self) -> list[np.ndarray]:
        return [variable.value.numpy() for variable in self._variables()]

    def _variables(self) -> list[Any]:
        # The data are not rolled back, nor is what says how far they were read.
        weights = [v for v in self.model.weights if v is not self.model.progress.variable]
        return [*weights, *self.model.optimizer.variables]
