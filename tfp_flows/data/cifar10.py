"""CIFAR-10 as published, Python batches, or as lossless sheets."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.file_checks import ImagesAndLabels, are_there, checked, wrong
from tfp_flows.data.numpy_files import read_array

_BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
_BATCHES_FOLDER = "cifar-10-batches-py"
# What an array in a pickle is made of. Everything else that a pickle can name would be called.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def read_cifar10(folder: Path, split: str) -> ImagesAndLabels | None:
    """Images and labels of one split; `None` if none of its files is there."""
    kinds: list[tuple[list[str], Callable[..., ImagesAndLabels]]]
    kinds = [([""], _read_pickle), ([".webp", ".labels.npy"], _read_sheet)]
    for place in (folder / _BATCHES_FOLDER, folder):
        for endings, read in kinds:
            batches = [[place / (batch + end) for end in endings] for batch in _BATCHES[split]]
            if are_there([file for files in batches for file in files]):
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
        raise wrong(path, "CIFAR-10 batch", repr(error)) from error
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != 3072:
        raise wrong(path, "CIFAR-10 batch of uint8 [n, 3072]", f"{rows.dtype} {rows.shape}")
    images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return checked(np.ascontiguousarray(images), labels, path)


class _ArraysOnly(pickle.Unpickler):
    """Builds dicts, lists, bytes, numbers and arrays; data files must not run code."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is not allowed")
        return _ALLOWED[module_name, global_name]


def _read_sheet(path: Path, label_path: Path) -> ImagesAndLabels:
    try:
        frames = tf.io.decode_webp(path.read_bytes(), channels=3).numpy()
    # Its message can quote bytes that are no text.
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        raise wrong(path, "WebP image", getattr(error, "message", error)) from error
    labels = read_array(label_path)
    count, height, width, _ = frames.shape
    if count != 1 or height % 32 or width % 32:
        raise wrong(path, "still image of tiles of 32x32 pixels", f"shape {frames.shape}")
    tiles = frames.reshape(height // 32, 32, -1, 32, 3).transpose(0, 2, 1, 3, 4)
    return checked(tiles.reshape(-1, 32, 32, 3), labels, label_path)
