"""`data.Batches` as Keras reads them, and trainings that go on where they stopped."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.data.batches import Batches
from tfp_flows.training.progress import Progress
from tfp_flows.training.workers import as_first_worker, fed


class Feed:
    """Hands batches to Keras: which ones come next is what the progress of the model says.

    Args:
      progress: of the model.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._num_skipped = 0
        self.unfinished: int | None = None
        """How many batches the model had seen when a `fit` began that did not come to its end."""

    def opened(
        self, given: dict[str, Any], bin_width: float, strategy: tf.distribute.Strategy
    ) -> keras.callbacks.Callback:
        """Replaces batches among the arguments of `fit` by datasets that the callback steers.

        Raises:
          ValueError: the `bin_width` of the model is another one than that of the batches, or
            their `shard` that of another worker.
        """
        training, validation = (
            _replaced(given, key, bin_width, strategy) for key in ("x", "validation_data")
        )
        steps = given.get("steps_per_epoch")
        initial = given.get("initial_epoch") or 0
        clock = _Clock(self, training, validation, initial, steps)
        if training is not None and steps is not None:
            given["x"] = fed(training.endless(), training, strategy)
        # `fit` may look at the first batch before its first epoch.
        clock.seek(initial)
        return clock

    def scoring(
        self, given: dict[str, Any], bin_width: float, strategy: tf.distribute.Strategy
    ) -> AbstractContextManager[None]:
        """Likewise among the arguments of `evaluate` and `predict`, which use no epoch up."""
        batches = _replaced(given, "x", bin_width, strategy)
        return nullcontext() if batches is None else batches.held()

    @property
    def num_batches(self) -> int:
        """How many batches the model was trained with."""
        return self._progress.num_batches

    def skip(self, num_batches: int) -> None:
        """Leaves batches out that the model was trained with before it was restored."""
        self._num_skipped = num_batches

    def skipping(self, train: Callable[[Any], Any], model: keras.Model) -> Callable[[Any], Any]:
        """`train`, a function of an iterator, that only reads the batches to leave out."""

        def run(iterator: Any) -> Any:
            if not self._num_skipped:
                return train(iterator)
            for _ in range(min(model.steps_per_execution, self._num_skipped)):
                next(iterator)
                self._num_skipped -= 1
            return model.get_metrics_result()

        return run


class _Clock(keras.callbacks.Callback):
    """Sets the epoch of the batches before Keras makes an iterator of them.

    Training epoch 7 reads epoch 7, also in a process that starts with it. A second `fit` that
    counts from 0 again goes on after the epochs of the first, with new orders and new noise.
    """

    def __init__(
        self,
        feed: Feed,
        training: Batches | None,
        validation: Batches | None,
        initial: int,
        steps: int | None,
    ) -> None:
        super().__init__()
        self._feed, self._training, self._validation = feed, training, validation
        self._validation_epoch = self._held_epoch = 0 if validation is None else validation.epoch
        self._before, self._initial, self._first = feed.num_batches, initial, initial
        self._steps = steps
        self._length = None if training is None else training.num_batches
        # Where nobody knows how long an epoch is, they are only counted.
        self._counted = 0 if training is None else max(training.epoch, initial)
        self._num_epochs = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Goes on where the training stopped that another callback has restored."""
        del logs
        # Workers may have been killed at different times.
        metrics = {id(variable) for variable in self.model.metrics_variables}
        state = [*self.model.variables, *self.model.optimizer.variables]
        state = [variable for variable in state if id(variable) not in metrics]
        as_first_worker(state, self.model.distribute_strategy)
        now, num_skipped = self._feed.num_batches, 0
        if now != self._before or self.model._initial_epoch is not None:
            # It may be this very model that was interrupted, and has seen more since.
            begun = self._feed.unfinished
            if begun is not None:
                self._before = begun
            elif now < self._before:
                self._before = 0
            steps = self._steps or self._length or (self.params or {}).get("steps")
            if steps:
                # Keras reads the epoch from another file than the weights: a process that was
                # killed between the two leaves one that does not belong to them. And batches it
                # does not know.
                num_epochs, num_skipped = divmod(now - self._before, steps)
                if self.model.progress.awaits_validation and not num_skipped:
                    num_epochs, num_skipped = num_epochs - 1, steps
                self.model._initial_epoch = self._initial + num_epochs
        self._feed.skip(num_skipped)
        self._feed.unfinished = self._before
        self._first = self.model._initial_epoch or self._initial

    def on_train_end(self, logs: Any = None) -> None:
        """Nothing is left to go on with; the next `fit` goes on after these epochs."""
        del logs
        self._feed.unfinished = None
        if self._training is not None and self._length is None:
            self._training.epoch = self._counted + self._num_epochs

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras makes an iterator after this: one for each epoch, or with `steps` one for all."""
        del logs
        if epoch == self._first or self._steps is None:
            self.seek(epoch)
        self._num_epochs = epoch + 1 - self._initial

    def seek(self, epoch: int) -> None:
        """Moves the training batches to an epoch of Keras."""
        if self._training is None:
            return
        passed = epoch - self._initial
        if self._length is None:
            self._training.epoch = self._counted + passed
            return
        steps = self._steps or self._length
        place = (self._before or self._initial * steps) + passed * steps
        if self._steps is not None:
            self._training.endless(place)
        else:
            # A training that was left in the middle of an epoch goes on with the next one.
            self._training.epoch = -(-place // self._length)

    def on_test_begin(self, logs: Any = None) -> None:
        """All validations score the same batches, so that their results can be compared."""
        del logs
        if self._validation is not None:
            self._held_epoch, self._validation.epoch = (
                self._validation.epoch,
                self._validation_epoch,
            )

    def on_test_end(self, logs: Any = None) -> None:
        """Validation uses no epoch up, of batches for training neither."""
        del logs
        if self._validation is not None:
            self._validation.epoch = self._held_epoch
        if self.model.on_validated is not None:
            self.model.on_validated()


def _replaced(
    given: dict[str, Any], key: str, bin_width: float, strategy: tf.distribute.Strategy
) -> Batches | None:
    batches = given.get(key)
    if not isinstance(batches, Batches):
        return None
    if not math.isclose(bin_width, batches.bin_width, rel_tol=1e-6):
        raise ValueError(
            f"`bin_width` of the model must be that of the batches, {batches.bin_width:g}, as they "
            f"are scaled; got {bin_width:g}. Pass `bin_width=batches.bin_width` to `FlowModel`."
        )
    given[key] = fed(batches.dataset, batches, strategy)
    return batches
