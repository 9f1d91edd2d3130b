"""MNIST, Fashion-MNIST and CIFAR-10, from their files or from TensorFlow Datasets."""

import os
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tfp_flows.data.cifar10 import read_cifar10
from tfp_flows.data.file_checks import ImagesAndLabels
from tfp_flows.data.idx import read_idx_pair
from tfp_flows.data.named import open_named

_READERS = {"mnist": read_idx_pair, "fashion_mnist": read_idx_pair, "cifar10": read_cifar10}
_SPLITS = ("train", "test")
# As TensorFlow Datasets has them.
CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    "cifar10": (
        "airplane", "automobile", "bird", "cat", "deer",
        "dog", "frog", "horse", "ship", "truck",
    ),
}  # fmt: skip
"""What the labels of the sets mean."""


def load_images(
    name: Literal["mnist", "fashion_mnist", "cifar10"],
    split: Literal["train", "test"] = "train",
    *,
    directory: str | os.PathLike[str] | None = None,
) -> ImagesAndLabels:
    """Gives the images `[n, H, W, C]`, uint8 of 256 levels, and the labels `[n]`, int64.

    Reads the files of the set in `directory`, in their own order: the official `*-ubyte.gz` of
    MNIST and Fashion-MNIST; for CIFAR-10 the official Python batches, there or in
    `cifar-10-batches-py`, or each batch as `data_batch_1.webp`, a lossless sheet of its images in
    row-major order, with `data_batch_1.labels.npy`. Pickles are read without running code of
    theirs. Without such files, or without a directory, TensorFlow Datasets gives the set, in an
    order of its own; it downloads once.

    Args:
      name: of the set.
      split: which part.
      directory: with the files of this one set.

    Raises:
      ValueError: there is no such set or split, or a file is damaged or not of the set; the
        message names the file.
      FileNotFoundError: some of the files are there, but not all.
      ImportError: there are no files, and `tensorflow-datasets` is not installed.
      OSError: there are no files, and they cannot be downloaded.

    Example:
      >>> import gzip, pathlib, struct, tempfile
      >>> from tfp_flows import data
      >>> folder = pathlib.Path(tempfile.mkdtemp())
      >>> images = struct.pack(">4I", 2051, 3, 28, 28) + bytes(3 * 28 * 28)
      >>> labels = struct.pack(">2I", 2049, 3) + bytes([5, 0, 4])
      >>> _ = (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
      >>> _ = (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
      >>> images, labels = data.load_images("mnist", directory=folder)
      >>> images.shape, labels.tolist()
      ((3, 28, 28, 1), [5, 0, 4])
    """
    if name not in tuple(_READERS):
        raise ValueError(f"`name` must be one of {tuple(_READERS)}; got {name!r}.")
    if split not in _SPLITS:
        raise ValueError(f"`split` must be 'train' or 'test'; got {split!r}.")
    found = read_official(name, split, directory)
    if found is not None:
        return found
    dataset = open_named(name, split).dataset
    # In one batch, `batch_size=-1`, TFDS aborts the process where it does not know the size.
    batches = list(dataset.batch(1024).as_numpy_iterator())
    images, labels = (np.concatenate([b[key] for b in batches]) for key in ("image", "label"))
    return images, labels.astype(np.int64)


def read_official(name: str, split: str, directory: Any) -> ImagesAndLabels | None:
    """What `load_images` finds in a directory; `None` if the files of the set are not there."""
    if directory is None or name not in tuple(_READERS) or split not in _SPLITS:
        return None
    return _READERS[name](Path(directory), split)
