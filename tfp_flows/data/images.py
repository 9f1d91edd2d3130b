"""MNIST, Fashion-MNIST and CIFAR-10, from their files or from TensorFlow Datasets."""

import gzip
import importlib
import os
import pickle
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf

ImagesAndLabels = tuple[np.ndarray, np.ndarray]

_NAMES = ("mnist", "fashion_mnist", "cifar10")
_IDX_PREFIXES = {"train": "train", "test": "t10k"}
_BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
_BATCHES_FOLDER = "cifar-10-batches-py"
# What an array in a pickle is made of. Everything else that a pickle can name would be called.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


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
    if name not in _NAMES:
        raise ValueError(f"`name` must be one of {_NAMES}; got {name!r}.")
    if split not in tuple(_BATCHES):
        raise ValueError(f"`split` must be 'train' or 'test'; got {split!r}.")
    found = None
    if directory is not None:
        read = _read_cifar10 if name == "cifar10" else _read_idx_pair
        found = read(Path(directory), split)
    return _from_tfds(name, split, directory) if found is None else found


def _read_idx_pair(folder: Path, split: str) -> ImagesAndLabels | None:
    prefix = _IDX_PREFIXES[split]
    files = [folder / f"{prefix}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    if not _are_there(files):
        return None
    images = _read_idx(files[0], (28, 28))
    return _checked(images[..., np.newaxis], _read_idx(files[1], ()), files[1])


def _read_idx(path: Path, wanted: tuple[int, ...]) -> np.ndarray:
    """An idx file of unsigned bytes: `[n, *wanted]`."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _wrong(path, "whole gzip file", error) from error
    # Two zero bytes, 8 for unsigned bytes, the number of axes; then the sizes.
    ndim = 1 + len(wanted)
    magic = int.from_bytes(content[:4], "big")
    if magic != 0x800 + ndim:
        raise _wrong(path, f"idx file of magic number {0x800 + ndim}", magic)
    start = 4 + 4 * ndim
    sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    if tuple(sizes[1:]) != wanted:
        raise _wrong(path, f"idx file of items of shape {wanted}", tuple(sizes[1:]))
    size = start + int(np.prod(sizes, dtype=object))
    if len(content) != size:
        raise _wrong(path, f"idx file of {size} bytes for sizes {sizes}", f"{len(content)} bytes")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes).copy()


def _read_cifar10(folder: Path, split: str) -> ImagesAndLabels | None:
    kinds: list[tuple[list[str], Callable[..., ImagesAndLabels]]]
    kinds = [([""], _read_pickle), ([".webp", ".labels.npy"], _read_sheet)]
    for place in (folder / _BATCHES_FOLDER, folder):
        for endings, read in kinds:
            batches = [[place / (batch + end) for end in endings] for batch in _BATCHES[split]]
            if _are_there([file for files in batches for file in files]):
                images, labels = zip(*(read(*files) for files in batches), strict=True)
                return np.concatenate(images), np.concatenate(labels)
    return None


def _read_pickle(path: Path) -> ImagesAndLabels:
    """A batch of CIFAR-10 as published: rows of 1,024 red, then green, then blue pixels."""
    try:
        with path.open("rb") as file:
            batch = _ArraysOnly(file, encoding="bytes").load()
        rows, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])
    # A damaged pickle can raise anything, as the opcodes that are left do anything.
    except Exception as error:
        raise _wrong(path, "CIFAR-10 batch", repr(error)) from error
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != 3072:
        raise _wrong(path, "CIFAR-10 batch of uint8 [n, 3072]", f"{rows.dtype} {rows.shape}")
    images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return _checked(np.ascontiguousarray(images), labels, path)


class _ArraysOnly(pickle.Unpickler):
    """Builds dicts, lists, bytes, numbers and arrays; data files must not run code."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is not allowed")
        return _ALLOWED[module_name, global_name]


def _read_sheet(path: Path, label_path: Path) -> ImagesAndLabels:
    try:
        frames = tf.io.decode_webp(path.read_bytes(), channels=3).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise _wrong(path, "WebP image", error.message) from error
    try:
        labels = np.load(label_path, allow_pickle=False)
    except (EOFError, OSError, ValueError) as error:
        raise _wrong(label_path, ".npy file of labels", error) from error
    count, height, width, _ = frames.shape
    if count != 1 or height % 32 or width % 32:
        raise _wrong(path, "still image of tiles of 32x32 pixels", f"shape {frames.shape}")
    tiles = frames.reshape(height // 32, 32, -1, 32, 3).transpose(0, 2, 1, 3, 4)
    return _checked(tiles.reshape(-1, 32, 32, 3), labels, label_path)


def _checked(images: np.ndarray, labels: np.ndarray, path: Path) -> ImagesAndLabels:
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != images.shape[:1]:
        wanted = f"file of {len(images)} integer labels, one for each image"
        raise _wrong(path, wanted, f"{labels.dtype} {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() <= 9:
        raise _wrong(path, "file of labels in 0..9", f"{labels.min()}..{labels.max()}")
    return images, labels.astype(np.int64)


def _are_there(files: Sequence[Path]) -> bool:
    missing = [file for file in files if not file.is_file()]
    if missing and len(missing) < len(files):
        raise FileNotFoundError(f"`{missing[0]}` must be there, beside the others of its set.")
    return not missing


def _from_tfds(name: str, split: str, directory: Any) -> ImagesAndLabels:
    try:
        tfds = importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise ImportError(
            f"`load_images({name!r})` must have the files of the set in `directory`, got "
            f"{directory!r}, or `pip install tensorflow-datasets`, which cannot be imported: "
            f"{error}."
        ) from error
    # In one batch, `batch_size=-1`, TFDS aborts the process where it does not know the size.
    batches = list(tfds.as_numpy(tfds.load(name, split=split).batch(1024)))
    images, labels = (np.concatenate([b[key] for b in batches]) for key in ("image", "label"))
    return images, labels.astype(np.int64)


def _wrong(path: Path, wanted: str, got: Any) -> ValueError:
    return ValueError(f"`{path}` must be a {wanted}; got {got}.")
