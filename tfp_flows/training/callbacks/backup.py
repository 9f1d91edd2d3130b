"""Trainings that go on where they were stopped."""

import contextlib
import logging
import signal
from pathlib import Path
from typing import Any

import keras

from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.locks import locked
from tfp_flows.training.backups import Backups, Place
from tfp_flows.training.callbacks.checks import check_guarded
from tfp_flows.training.signals import Signals, left_by

_LOG = logging.getLogger("tfp_flows")


class Backup(keras.callbacks.Callback):
    """Keeps the state of a training in files, and goes on with it in the next process.

    As `keras.callbacks.BackupAndRestore`, and besides:

    - SIGTERM and Ctrl-C save after the batch and leave `fit` by `SystemExit(143)` and
      `KeyboardInterrupt`; a validation that is left starts again. A second signal ends the process
      at once.
    - Files have checksums: a damaged one is told, and the one before it taken.
    - A full disk is an `OSError` that names the file, where HDF5 can end the process.
    - The metrics of an epoch that was stopped in its middle are those of all of it.
    - Of two processes with one directory the second is refused.

    The training ends with the weights of one that was not stopped, to rounding, if its data come in
    the same order again, as `data.Batches` with a seed do. Of data of unknown length an epoch that
    was stopped starts again, and a validation comes to its end.

    Put it after callbacks that write at the end of an epoch, which is over when it is saved, and
    before `keras.callbacks.SwapEMAWeights(swap_on_epoch=True)`, which swaps the weights then.

    Args:
      directory: of the last two states, made if need be; for one training at a time.
      every: batches between two states; `None` for the ends of epochs only.
      delete: removes the files when the training comes to its end, so that the next one starts
        from the beginning.

    Raises:
      TypeError: if `every` is no integer, or the model no `FlowModel`.
      ValueError: if `every` is less than 1, or if all files are damaged or of another model.
      BlockingIOError: if another process has the directory; says which.
      OSError: if a file cannot be written; those before it stay.

    Example:
      >>> import keras, numpy as np, tempfile
      >>> from tfp_flows import flows, training
      >>> model = training.FlowModel(flows.coupling_flow((2,), num_couplings=2))
      >>> model.compile(keras.optimizers.Adam(1e-3))
      >>> backup = training.Backup(tempfile.mkdtemp() + "/backup", delete=False)
      >>> x = np.random.normal(size=(64, 2))
      >>> _ = model.fit(x, epochs=3, callbacks=[backup], verbose=0)
      >>> sorted(path.name for path in backup.directory.glob("*"))
      ['epoch_000002.keras', 'epoch_000003.keras']
    """

    def __init__(
        self, directory: str | Path, *, every: int | None = None, delete: bool = True
    ) -> None:
        super().__init__()
        self.directory = Path(directory)
        self.every = None if every is None else check_int("every", every, 1)
        self.delete = delete
        self._backups = Backups(directory)
        self._signals = Signals((signal.SIGTERM, signal.SIGINT))
        self._lock = contextlib.ExitStack()
        self._place = Place(0)
        self._since = self._saved = 0
        self._num_batches, self._sums = 0, {}

    def set_model(self, model: Any) -> None:
        """As in Keras."""
        check_guarded("Backup", model)
        super().set_model(model)

    def on_train_begin(self, logs: Any = None) -> None:
        """Restores the last state, and listens to signals."""
        del logs
        self.model.on_left, self.model.on_validated = self._leave, self._after_validation
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock.enter_context(locked(self.directory / ".lock"))
        self._place = self._backups.restore(self.model) or Place(0)
        if self._place != Place(0):
            # The model knows better where its progress is known; this tells it to look.
            self.model._initial_epoch = self._place.epoch
        self.model.progress.awaits_validation = self._place.batch == self._steps
        self._since, self._saved = 0, self.model.progress.num_batches
        self._signals.listen()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Goes on with the sums of metrics; the batches that are in them are left out."""
        del logs
        if self._place.batch and epoch == self._place.epoch and self._steps:
            sums = self._place.metrics or {}
            for name, variable in _sums_of(self.model).items():
                variable.assign(sums.get(name, variable))
        self._place = Place(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Saves when it is time, and stops if a signal came."""
        del logs
        self._num_batches = batch + 1
        self._since += self.model.steps_per_execution
        is_due = self.every is not None and self._since >= self.every
        # After the last batch comes the end of the epoch.
        if not (is_due or self._signals.caught) or batch + 1 == self._steps:
            return
        now = self.model.progress.num_batches
        if now != self._saved:  # Those that are left out have been saved before.
            self._save(Place(self._place.epoch, batch + 1, _values_of(self.model)))
        self._stop_if_told()

    def on_test_begin(self, logs: Any = None) -> None:
        """Keeps the sums of the training, before the validation has its own in their place."""
        del logs
        self._sums = _values_of(self.model)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Leaves the validation if a signal came."""
        del batch, logs
        if self._leaves_validation:
            self.model.stop_evaluating = True

    def _after_validation(self) -> None:
        """Saves what the training was before it, now that averaged weights are out of the model."""
        if self._leaves_validation:
            self._save(Place(self._place.epoch, self._num_batches, self._sums))
            self._stop_if_told()

    @property
    def _leaves_validation(self) -> bool:
        return self._signals.caught is not None and self._steps is not None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Saves, and stops if a signal came."""
        del logs
        self._save(Place(epoch + 1))
        self._stop_if_told()

    def on_train_end(self, logs: Any = None) -> None:
        """Removes the files of what is finished."""
        del logs
        if self.delete:
            self._backups.remove()

    def _save(self, place: Place) -> None:
        self._backups.write(self.model, place)
        self._since, self._saved = 0, self.model.progress.num_batches

    def _stop_if_told(self) -> None:
        caught = self._signals.caught
        if caught is not None:
            name = signal.Signals(caught).name
            _LOG.warning("%s: the training is saved in %s.", name, self.directory)
            raise left_by(caught)

    @property
    def _steps(self) -> int | None:
        return (self.params or {}).get("steps")

    def _leave(self) -> None:
        self._signals.stop()
        self._lock.close()
        with contextlib.suppress(OSError):  # Where something is in it.
            self.directory.rmdir()


def _sums_of(model: keras.Model) -> dict[str, Any]:
    """What the metrics count, by name."""
    return {variable.path: variable for variable in model.metrics_variables}


def _values_of(model: keras.Model) -> dict[str, float]:
    return {name: float(variable) for name, variable in _sums_of(model).items()}
