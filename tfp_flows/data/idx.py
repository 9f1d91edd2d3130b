"""MNIST and Fashion-MNIST as published: gzipped idx files."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from tfp_flows.data.file_checks import ImagesAndLabels, are_there, checked, wrong

_IDX_PREFIXES = {"train": "train", "test": "t10k"}


def read_idx_pair(folder: Path, split: str) -> ImagesAndLabels | None:
    """Images and labels of one split; `None` if none of its files is there."""
    prefix = _IDX_PREFIXES[split]
    files = [folder / f"{prefix}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    if not are_there(files):
        return None
    images = _read_idx(files[0], (28, 28))
    return checked(images[..., np.newaxis], _read_idx(files[1], ()), files[1])


def _read_idx(path: Path, wanted: tuple[int, ...]) -> np.ndarray:
    """An idx file of unsigned bytes: `[n, *wanted]`."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise wrong(path, "whole gzip file", error) from error
    # Two zero bytes, 8 for unsigned bytes, the number of axes; then the sizes.
    ndim = 1 + len(wanted)
    magic = int.from_bytes(content[:4], "big")
    if magic != 0x800 + ndim:
        raise wrong(path, f"idx file of magic number {0x800 + ndim}", magic)
    start = 4 + 4 * ndim
    sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    if tuple(sizes[1:]) != wanted:
        raise wrong(path, f"idx file of items of shape {wanted}", tuple(sizes[1:]))
    size = start + int(np.prod(sizes, dtype=object))
    if len(content) != size:
        raise wrong(path, f"idx file of {size} bytes for sizes {sizes}", f"{len(content)} bytes")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes).copy()
