"""Files that are there whole, or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


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


def _flush(file: Path) -> None:
    """Onto the disk: a machine that loses its power would keep the new name of an empty file."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
