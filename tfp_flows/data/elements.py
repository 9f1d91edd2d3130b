"""Single images, and labels if there are any, whatever they come from."""

import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf

_NAMED = 5


@dataclasses.dataclass(frozen=True)
class Elements:
    """What a source holds, one image at a time.

    Args:
      dataset: of `{"image": [H, W, C]}`, with "label" where there are labels.
      num_classes: how many labels there are, if the source says so.
      class_names: what the labels 0, 1, ... mean, if the source says so.
      tensors: the same in memory, `{"image": [n, H, W, C], ...}`, if it is there already.
      sizes: height and width of the image in each file, if they come from files.
      origin: what tells the files, their state and their labels from others.
    """

    dataset: tf.data.Dataset[Any]
    num_classes: int | None = None
    class_names: tuple[str, ...] | None = None
    tensors: dict[str, tf.Tensor] | None = None
    sizes: dict[str, tuple[int, ...]] | None = None
    origin: Any = None

    @classmethod
    def of_arrays(
        cls,
        arrays: dict[str, Any],
        num_classes: int | None = None,
        class_names: tuple[str, ...] | None = None,
    ) -> "Elements":
        """Arrays or tensors with one row for each image."""
        # On the host, wherever it is that the flow computes. One copy, which all batches share.
        with tf.device("CPU:0"):
            tensors = {key: tf.convert_to_tensor(array) for key, array in arrays.items()}
            dataset = tf.data.Dataset.from_tensor_slices(tensors)
        return cls(dataset, num_classes, class_names, tensors)

    @property
    def image_spec(self) -> tf.TensorSpec:
        """Shape and dtype of an image, as far as they are known."""
        spec: Any = self.dataset.element_spec
        return spec["image"]

    def part(self, index: int, count: int) -> "Elements":
        """Every `count`-th element from the one at `index` on."""
        if count == 1:
            return self
        if self.tensors is not None:
            with tf.device("CPU:0"):
                return self._of({key: its[index::count] for key, its in self.tensors.items()})
        return dataclasses.replace(self, dataset=self.dataset.shard(count, index))

    def labelled(self, *, wanted: bool) -> "Elements":
        """The elements with their labels, or without.

        Raises:
          ValueError: labels are wanted, and there are none.
        """
        if "label" not in self.dataset.element_spec:
            if wanted:
                raise ValueError("`labels` must be False for images without labels; got True.")
            return self
        if wanted:
            return self
        if self.tensors is not None:
            return self._of({"image": self.tensors["image"]})
        dataset = self.dataset.map(lambda element: {"image": element["image"]})
        return dataclasses.replace(self, dataset=dataset)

    def numbered(self, class_names: tuple[str, ...]) -> "Elements":
        """The elements with labels that are places in `class_names`.

        Those without names are such places.

        Raises:
          ValueError: there are other classes, or the labels are no classes.
        """
        spec: Any = self.dataset.element_spec
        if not spec["label"].dtype.is_integer:
            raise ValueError(
                "`class_names` must not be given for labels of "
                f"{spec['label'].dtype.name}; got {list(class_names)}."
            )
        wanted = f"`source` must have only classes of {list(class_names)}; got"
        if self.class_names is None:
            if (self.num_classes or 0) > len(class_names):
                raise ValueError(f"{wanted} {self.num_classes} classes.")
            return dataclasses.replace(self, num_classes=len(class_names), class_names=class_names)
        if not set(self.class_names) <= set(class_names):
            raise ValueError(f"{wanted} {list(self.class_names)}.")
        if self.class_names == class_names:
            return self
        numbers = np.array([class_names.index(name) for name in self.class_names], np.int64)

        def renumber(element: dict[str, Any]) -> dict[str, Any]:
            return {**element, "label": tf.gather(numbers, element["label"])}

        if self.tensors is not None:
            with tf.device("CPU:0"):
                tensors = renumber(self.tensors)
            return self.of_arrays(tensors, len(class_names), class_names)
        return dataclasses.replace(
            self,
            dataset=self.dataset.map(renumber),
            num_classes=len(class_names),
            class_names=class_names,
        )

    def count(self, *, shuffle: bool) -> int | None:
        """How many there are, if that is known.

        Raises:
          ValueError: there are none, or they are to be shuffled and never end.
        """
        size = int(self.dataset.cardinality())
        if size == 0:
            raise ValueError("`source` must hold at least 1 image; got 0.")
        if size == tf.data.INFINITE_CARDINALITY and shuffle:
            raise ValueError("`source` must be finite with `shuffle`; got an infinite dataset.")
        return size if size > 0 else None

    def mapped(self, function: Any) -> "Elements":
        """The elements with a function applied to each image."""
        dataset = self.dataset.map(
            lambda element: {**element, "image": function(element["image"])}, tf.data.AUTOTUNE
        )
        return Elements(dataset, self.num_classes, self.class_names)

    def loaded(self) -> "Elements":
        """The elements in memory.

        Raises:
          ValueError: there are none, or one is not what it should be.
        """
        if self.tensors is not None:
            return self
        try:
            parts = list(self.dataset.batch(256))
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(error.message) from error
        if not parts:
            raise ValueError("`source` must hold at least 1 image; got 0.")
        with tf.device("CPU:0"):
            joined = {key: tf.concat([part[key] for part in parts], axis=0) for key in parts[0]}
        return self._of(joined)

    def _of(self, tensors: dict[str, tf.Tensor]) -> "Elements":
        """Others of the same classes."""
        return self.of_arrays(tensors, self.num_classes, self.class_names)


def named(files: Collection[Any]) -> str:
    """Some files and what is said of them, for a message.

    Example:
      >>> from tfp_flows.data.elements import named
      >>> named(["a.png"]), named({"a.png": "3x3", "b.png": "5x5"})
      ('a.png', 'a.png (3x3), b.png (5x5)')
    """
    said = files if isinstance(files, dict) else dict.fromkeys(files)
    some = [str(file) if what is None else f"{file} ({what})" for file, what in said.items()]
    more = [f"and {len(some) - _NAMED} more"] if len(some) > _NAMED else []
    return ", ".join(some[:_NAMED] + more)
