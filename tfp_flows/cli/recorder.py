"""What happens at the end of each epoch of a run."""

import time
from typing import Any

import keras

from tfp_flows.cli.run_directory import RunDirectory
from tfp_flows.ops.files import written_beside


class Recorder(keras.callbacks.Callback):
    """Writes log and best model, and stops a training that gets no better or too long.

    The backup comes after it: a run that is killed before it repeats the epoch, and writes the
    same again.

    Args:
      run: where to.
      patience: stops after so many epochs without a better validation; `None` for never.
      minutes: stops after so long; `None` for never.
      averaging: puts averaged weights into the model for validation, if there are any.
      lines: prints a line for each epoch, with "bits_per_dim" or "nll"; `None` for no lines.
    """

    def __init__(
        self,
        run: RunDirectory,
        *,
        patience: int | None = None,
        minutes: float | None = None,
        averaging: keras.callbacks.SwapEMAWeights | None = None,
        lines: str | None = None,
    ) -> None:
        super().__init__()
        self._run, self._averaging, self._lines = run, averaging, lines
        self._patience, self._seconds = patience, None if minutes is None else 60 * minutes
        self._rows: list[dict[str, float]] | None = None
        self._start = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Reads the log of a run that goes on, but for what comes after its last backup."""
        del logs
        if self._rows is None:
            done = self.model.progress.num_batches
            self._rows = [row for row in self._run.log() if row["batches"] <= done]
            self._start = time.monotonic() - (self._rows[-1]["seconds"] if self._rows else 0.0)
            if epoch:
                print(f"goes on after epoch {epoch}", flush=True)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stops where the time is over."""
        del batch, logs
        if self._seconds is not None and time.monotonic() - self._start >= self._seconds:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes what there is to say, and the model if it is the best one."""
        names = ("nll", "bits_per_dim", "val_nll", "val_bits_per_dim")
        found = {name: float(logs[name]) for name in names if name in (logs or {})}
        seconds = round(time.monotonic() - self._start, 1)
        row = {"epoch": epoch + 1, "seconds": seconds, "batches": self.model.progress.num_batches}
        self._rows.append({**row, **found})
        if best_row(self._rows) is self._rows[-1]:
            self._save()
        self._run.write_log(self._rows)
        if self._lines:
            print(line(self._rows, self._lines), flush=True)
        if is_over(self._rows, self._patience, self._seconds):
            self.model.stop_training = True

    def _save(self) -> None:
        with written_beside(self._run.model_file) as beside:
            if self._averaging is not None:
                self._averaging.on_test_begin()
            try:
                self.model.save(beside, include_optimizer=False)
            finally:
                if self._averaging is not None:
                    self._averaging.on_test_end()


def is_over(rows: list[dict[str, float]], patience: int | None, seconds: float | None) -> bool:
    """Whether a training ends before its last epoch.

    Example:
      >>> from tfp_flows.cli.recorder import is_over
      >>> rows = [{"epoch": 1, "seconds": 9.0, "val_nll": 3.0}]
      >>> is_over(rows, patience=1, seconds=None), is_over(rows, None, 8.0)
      (False, True)
    """
    if not rows:
        return False
    is_late = seconds is not None and rows[-1]["seconds"] >= seconds
    epochs = rows[-1]["epoch"] - best_row(rows)["epoch"]
    return is_late or (patience is not None and epochs >= patience)


def best_row(rows: list[dict[str, float]]) -> dict[str, float]:
    """That of the best validation, and so of the model that is kept; without them the last one.

    Example:
      >>> from tfp_flows.cli.recorder import best_row
      >>> best_row([{"epoch": 1, "val_nll": 3.0}, {"epoch": 2, "val_nll": 4.0}])
      {'epoch': 1, 'val_nll': 3.0}
    """
    if "val_nll" not in rows[-1]:
        return rows[-1]
    return min(rows, key=lambda row: row["val_nll"])


def line(rows: list[dict[str, float]], unit: str) -> str:
    """What is said of the last epoch.

    Example:
      >>> from tfp_flows.cli.recorder import line
      >>> line([{"epoch": 1, "seconds": 9.1, "nll": 3.25, "val_nll": 3.5}], "nll")
      'epoch    1      9 s  train 3.2500  validation 3.5000 nats  best'
    """
    row = rows[-1]
    said = f"epoch {row['epoch']:4.0f}  {row['seconds']:5.0f} s  train {row[unit]:.4f}"
    if f"val_{unit}" in row:
        said += f"  validation {row[f'val_{unit}']:.4f}"
    said += " bits/dim" if unit == "bits_per_dim" else " nats"
    return said + ("  best" if best_row(rows) is row else "")
