"""`data.Batches` as Keras reads them: datasets, each epoch when it is its turn."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras

from tfp_flows.data.batches import Batches


class Feed:
    """Hands batches to Keras, and remembers how many epochs a model was fitted."""

    def __init__(self) -> None:
        self.num_fitted = 0

    def opened(self, given: dict[str, Any], bin_width: float) -> keras.callbacks.Callback:
        """Replaces batches among the arguments of `fit` by datasets that the callback steers.

        Training epoch 7 reads epoch 7, also in a process that starts with it. A second `fit` that
        counts from 0 again goes on after the epochs of the first, with new orders and new noise.

        Raises:
          ValueError: the `bin_width` of the model is another one than that of the batches.
        """
        training, validation = (_replaced(given, k, bin_width) for k in ("x", "validation_data"))
        initial = given.get("initial_epoch") or 0
        steps = given.get("steps_per_epoch")
        clock = _Clock(self, training, validation, steps)
        if training is not None:
            if steps is not None:
                given["x"] = training.endless()
            # `fit` may look at the first batch before its first epoch.
            clock.seek(initial)
        return clock

    @contextlib.contextmanager
    def scoring(self, given: dict[str, Any], bin_width: float) -> Iterator[None]:
        """Likewise among the arguments of `evaluate` and `predict`, which use no epoch up."""
        batches = _replaced(given, "x", bin_width)
        if batches is None:
            yield
            return
        epoch = batches.epoch
        try:
            yield
        finally:
            batches.epoch = epoch


class _Clock(keras.callbacks.Callback):
    """Sets the epoch of the batches before Keras makes an iterator of them."""

    def __init__(
        self, feed: Feed, training: Batches | None, validation: Batches | None, steps: int | None
    ) -> None:
        super().__init__()
        self._feed, self._training, self._validation, self._steps = (
            feed,
            training,
            validation,
            steps,
        )
        self._validation_epoch = 0 if validation is None else validation.epoch
        self._offset: int | None = None

    def seek(self, epoch: int) -> None:
        """Moves the training batches to an epoch of Keras, the first of this `fit`."""
        epoch += self._feed.num_fitted if epoch == 0 else 0
        if self._training is None:
            return
        if self._steps is None:
            self._training.epoch = epoch
        else:
            self._training.endless(epoch * self._steps)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras counts from another epoch than it was told where a callback restores a training."""
        del logs
        if self._offset is None:
            self._offset = self._feed.num_fitted if epoch == 0 else 0
            self.seek(epoch)
        elif self._training is not None and self._steps is None:
            self._training.epoch = epoch + self._offset
        self._feed.num_fitted = epoch + self._offset + 1

    def on_test_begin(self, logs: Any = None) -> None:
        """All validations score the same batches, so that their results can be compared."""
        del logs
        self._hold_validation()

    def on_test_end(self, logs: Any = None) -> None:
        """Validation uses no epoch up."""
        del logs
        self._hold_validation()

    def _hold_validation(self) -> None:
        if self._validation is not None:
            self._validation.epoch = self._validation_epoch


def _replaced(given: dict[str, Any], key: str, bin_width: float) -> Batches | None:
    batches = given.get(key)
    if not isinstance(batches, Batches):
        return None
    if not math.isclose(bin_width, batches.bin_width, rel_tol=1e-6):
        raise ValueError(
            f"`bin_width` of the model must be that of the batches, {batches.bin_width:g}, for "
            f"their {batches.num_levels} levels as they are scaled; got {bin_width:g}. Pass "
            "`bin_width=batches.bin_width` to `FlowModel`."
        )
    given[key] = batches.dataset
    return batches
