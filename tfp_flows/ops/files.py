"""Files that are there whole, or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf


@contextlib.contextmanager
def written_beside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name in the same directory to write to, which becomes `path` when the block ends well.

    Whoever reads `path` sees the old file or the new one, never a part of it, also after a crash
    or on a full disk.

    Raises:
      OSError: the directory is not there, read-only or full; it names `path`, which is as it was.

    Example:
      >>> import pathlib, tempfile
      >>> from tfp_flows.ops.files import written_beside
      >>> path = pathlib.Path(tempfile.mkdtemp(), "numbers.txt")
      >>> with written_beside(path) as beside:
      ...     _ = beside.write_text("1 2 3")
      >>> path.read_text(), len(list(path.parent.iterdir()))
      ('1 2 3', 1)
    """
    path = Path(path)
    # The ending stays: Keras reads the format from it.
    beside = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        yield beside
        _flush(beside)
        os.replace(beside, path)
    except OSError as error:
        # A full disk is told without a name, by libraries without a number.
        if error.errno is None:
            raise OSError(f"{path}: {error}") from error
        if error.filename in (None, os.fspath(beside)):
            error.filename = os.fspath(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


@contextlib.contextmanager
def naming(argument: str, wanted: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """The errors of Python's and of TensorFlow's file system as one kind, with one message.

    Args:
      argument: of the caller, which is `path`.
      wanted: what it must be.
      path: what is written in the block.

    Raises:
      OSError: for any error of a file; with the number of the operating system if it has one.

    Example:
      >>> from tfp_flows.ops.files import naming
      >>> with naming("path", "a directory that can be written", "/dev/null"):
      ...     open("/dev/null/runs")
      Traceback (most recent call last):
      NotADirectoryError: [Errno 20] `path` must be a directory that can be written; got ...
    """
    try:
        yield
    except tf.errors.InvalidArgumentError:  # Of a function or an element, not of a file.
        raise
    except (OSError, tf.errors.OpError) as error:
        is_python = isinstance(error, OSError)
        # TensorFlow says at which operation, and of which file, before it says what went wrong.
        reason = error.strerror if is_python else error.message.rpartition("; ")[2]
        message = f"`{argument}` must be {wanted}; got {path}: {reason}."
        raise OSError(*([error.errno] if is_python else []), message) from error


def _flush(file: Path) -> None:
    """Onto the disk: a machine that loses its power would keep the new name of an empty file."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
