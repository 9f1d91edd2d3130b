"""Where elements are kept after they were read once."""

import contextlib
import dataclasses
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfp_flows.data.elements import Elements


def kept(elements: Elements, cache: Any, key: Any) -> Elements:
    """The elements in memory, in a file, or read anew in each epoch.

    Args:
      elements: to keep; those in memory stay as they are.
      cache: `True` for memory, a path that files shall begin with, `False` for neither.
      key: what the elements are made of. Another one gets another file.

    Raises:
      TypeError: `cache` is of another type.
      ValueError: there are no elements, or no end of them.
    """
    if not isinstance(cache, bool | str | os.PathLike):
        raise TypeError(f"`cache` must be True, False or a path; got {cache!r}.")
    if cache is False or elements.tensors is not None:
        return elements
    if elements.dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("`source` must be finite with `cache`; got an infinite dataset.")
    if cache is True:
        return elements.loaded()
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    kept_at = Path(f"{os.fspath(cache)}-{digest}")
    if not kept_at.is_dir():
        _write(elements.dataset, kept_at)
    return dataclasses.replace(elements, dataset=elements.dataset.cache(str(kept_at / "images")))


def _write(dataset: tf.data.Dataset[Any], directory: Path) -> None:
    """Now, in one go, and beside: whoever is killed meanwhile leaves no part of it behind."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as beside:
        new = Path(beside, "new")
        new.mkdir()
        for _ in dataset.cache(str(new / "images")):
            pass
        # Another process may have been faster, with the same images.
        with contextlib.suppress(OSError):
            new.rename(directory)
    if not directory.is_dir():
        raise OSError(f"`cache` must be a path that can be written; got {directory}.")
