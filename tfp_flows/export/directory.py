"""Directories that are there whole or not at all."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator

import tensorflow as tf

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
        with _as_os_error(given):
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


@contextlib.contextmanager
def _as_os_error(given: str) -> Iterator[None]:
    """The errors of Python's and of TensorFlow's file system as one kind, with one message."""
    try:
        yield
    except tf.errors.InvalidArgumentError:  # Of a function that is traced, not of a file.
        raise
    except (OSError, tf.errors.OpError) as error:
        is_python = isinstance(error, OSError)
        # TensorFlow says at which operation, and of which file, before it says what went wrong.
        reason = error.strerror if is_python else error.message.rpartition("; ")[2]
        message = f"`path` must be a directory that can be written; got {given}: {reason}."
        raise OSError(*([error.errno] if is_python else []), message) from error
