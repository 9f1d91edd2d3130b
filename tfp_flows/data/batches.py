"""Batches for a flow, and the constants that belong to them."""

import contextlib
import operator
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfp_flows.data.order import BatchesOf
from tfp_flows.data.position import Position
from tfp_flows.typing import Shape


class Batches:
    """An iterable of batches whose epochs are numbered; `images` and `Table.batches` make them.

    An epoch is one iterator. Its number, with the seed, determines order, augmentation and noise:
    epoch 7 is the same in a run that starts with it. The first iterator that is read gives epoch
    `epoch`, the next one epoch `epoch + 1`, also if the first was left early; set `epoch` to have
    another one. `FlowModel` takes batches as they are. Its `fit` sets `epoch` to that of the
    training, and scoring uses no epoch up.

    `len` is the number of batches in an epoch, `num_batches`, and raises a `TypeError` where that
    is not known.

    Args:
      batches_of: makes the batches of places `[epoch, batch]`.
      batch_size: events in a batch.
      event_shape: of one event.
      num_levels: values that a number of an event could take before noise was added; `None` for
        tables, whose columns differ in that.
      bin_width: distance of neighbouring levels, for bits/dim.
      num_events: in an epoch; `None` if it is not known.
      drop_remainder: whether a last batch of fewer events is left out.
      num_classes: of the labels; `None` if there are none, or it is not known.
      class_names: what the labels 0, 1, ... mean, such as the names of folders; `None` likewise.
      shard: `(index, count)`: which worker of how many has these events.

    Example:
      >>> from tfp_flows import data
      >>> batches = data.images(data.load_digits("train"), batch_size=64, num_levels=17, seed=0)
      >>> len(batches), batches.num_events, batches.event_shape
      (22, 1437, (8, 8, 1))
      >>> zeroth = next(iter(batches)).numpy()
      >>> batches.epoch
      1
      >>> batches.epoch = 0
      >>> bool((next(iter(batches)).numpy() == zeroth).all())
      True
    """

    def __init__(
        self,
        batches_of: BatchesOf,
        *,
        batch_size: int,
        event_shape: Shape,
        num_levels: int | None,
        bin_width: float,
        num_events: int | None,
        drop_remainder: bool,
        num_classes: int | None,
        class_names: tuple[str, ...] | None,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        self._batches_of, self._position = batches_of, Position()
        self.batch_size = batch_size
        self.event_shape = event_shape
        self.num_levels = num_levels
        self.bin_width = bin_width
        self.num_events = num_events
        self.num_classes, self.class_names = num_classes, class_names
        self.shard = shard
        self.num_batches: int | None = None
        """In an epoch; `None` if it is not known."""
        self.dataset = batches_of(self._position.taken())
        """One epoch for each iterator."""
        if num_events is not None:
            more = 0 if drop_remainder else batch_size - 1
            self.num_batches = (num_events + more) // batch_size
            size = tf.data.experimental.assert_cardinality(self.num_batches)
            self.dataset = self.dataset.apply(size)

    @property
    def epoch(self) -> int:
        """The number of the epoch that the next iterator gives."""
        return self._position.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._position.seek(operator.index(epoch))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """A block whose iterators use no epoch up."""
        epoch = self.epoch
        try:
            yield
        finally:
            self.epoch = epoch

    def endless(self, step: int = 0) -> tf.data.Dataset[Any]:
        """Epoch after epoch in one dataset, for `steps_per_epoch`.

        Args:
          step: how many batches were read before, from epoch 0 on: the first iterator goes on from
            there. Where the size of an epoch is not known, it starts with epoch `epoch`.
        """
        if self.num_batches:
            self._position.seek(*divmod(step, self.num_batches))
        return self._batches_of(self._position.taken_for_good())

    def __len__(self) -> int:
        if self.num_batches is None:
            raise TypeError("The number of batches must be known for `len`; got a dataset of any.")
        return self.num_batches

    def __iter__(self) -> Iterator[Any]:
        return iter(self.dataset)

    def __repr__(self) -> str:
        return (
            f"Batches(batch_size={self.batch_size}, event_shape={self.event_shape}, "
            f"num_levels={self.num_levels}, bin_width={self.bin_width:g}, "
            f"num_events={self.num_events}, num_classes={self.num_classes})"
        )
