"""Where elements are kept after they were read once."""

import dataclasses
import hashlib
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfp_flows.data.elements import Elements
from tfp_flows.ops.files import naming
from tfp_flows.ops.locks import locked

_LOG = logging.getLogger("tfp_flows")
_NAME, _SIZES = "images", "sizes.json"


def kept(elements: Elements, cache: Any, key: Any) -> Elements:
    """The elements in memory, in a file, or read anew in each epoch.

    Args:
      elements: to keep; those in memory stay as they are.
      cache: `True` for memory, a path that files shall begin with, `False` for neither.
      key: what the elements are made of. Another one gets another file.

    Raises:
      TypeError: `cache` is of another type.
      ValueError: there are no elements, or no end of them.
      OSError: the files cannot be written, for example onto a full disk; names them.
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
    if not _is_whole(kept_at):
        _write(elements.dataset, kept_at)
    return dataclasses.replace(elements, dataset=elements.dataset.cache(str(kept_at / _NAME)))


def _write(dataset: tf.data.Dataset[Any], directory: Path) -> None:
    """Now, in one go, and beside: whoever is killed meanwhile leaves no part of it behind.

    One process does it, the others wait for it.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)

    def tell(holder: str) -> None:
        _LOG.warning("Waits for %s, which writes the cache %s.", holder, directory)

    with locked(f"{directory}.lock", on_wait=tell):
        if _is_whole(directory):
            return
        if directory.exists():
            _LOG.warning("The cache %s is damaged, and is written anew.", directory)
            shutil.rmtree(directory)
        beside = directory.with_name(f".{directory.name}.part")
        # Of a process that was killed.
        shutil.rmtree(beside, ignore_errors=True)
        try:
            with naming("cache", "a path that can be written", directory):
                beside.mkdir()
                for _ in dataset.cache(str(beside / _NAME)):
                    pass
                (beside / _SIZES).write_text(json.dumps(_sizes(beside)))
                beside.rename(directory)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _is_whole(directory: Path) -> bool:
    """Whether all of a cache is there; TensorFlow finds changed bytes, but not missing ones."""
    try:
        return json.loads((directory / _SIZES).read_text()) == _sizes(directory)
    except (OSError, ValueError):
        return False


def _sizes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in directory.glob(f"{_NAME}*")}
