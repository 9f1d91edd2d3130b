"""Directories that are there whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Callable

from tfp_flows.ops.files import naming

# What `tf.saved_model.save` writes: with anything beside it, a directory is not ours to replace.
_WRITTEN = {"assets", "fingerprint.pb", "saved_model.pb", "variables"}


def write_whole(path: str | os.PathLike[str], write: Callable[[str], None]) -> None:
    """Has the directory written under another name beside `path`, and renames it at the end.

    A SavedModel that is there, or an empty directory, gives way to the new one, which takes two
    renames: whoever looks between them finds nothing.

    Args:
      path: the directory; missing parents are made, a link is followed.
      write: fills the directory whose name it is called with.

    Raises:
      ValueError: if `path` is the address of something that is no local directory.
      FileExistsError: if something else than a SavedModel is there.
      OSError: if the directory cannot be written, for example onto a full disk.
    """
    given = os.fspath(path)
    if "://" in given:
        raise ValueError(f"`path` must be a local directory, to be copied from; got {given!r}.")
    target = os.path.realpath(given)
    _check_replaceable(given, target)
    parent, name = os.path.split(target)
    # Hidden, and no number: TensorFlow Serving does not take it for a version.
    fresh, old = (os.path.join(parent, f".{name}.{uuid.uuid4().hex}") for _ in range(2))
    try:
        with naming("path", "a directory that can be written", given):
            os.makedirs(fresh)
            write(fresh)
            _rename(fresh, target, old)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(given: str, target: str) -> None:
    if not os.path.exists(target):
        return
    found = os.listdir(target) if os.path.isdir(target) else None
    if found is not None and (not found or ("saved_model.pb" in found and {*found} <= _WRITTEN)):
        return
    what = "a file" if found is None else f"a directory with {sorted({*found} - _WRITTEN)[:3]}"
    raise FileExistsError(
        f"`path` must be a new directory, or that of a SavedModel, which is replaced; got {given}, "
        f"where there is {what}."
    )


def _rename(fresh: str, target: str, old: str) -> None:
    if not os.path.exists(target):
        os.rename(fresh, target)
        return
    os.rename(target, old)
    try:
        os.rename(fresh, target)
    except BaseException:
        os.rename(old, target)
        raise
