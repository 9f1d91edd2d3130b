"""Files that keep processes apart."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks: nobody is kept apart there.
    fcntl = None


@contextlib.contextmanager
def locked(
    path: str | os.PathLike[str], *, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Holds a lock for the block: of all processes that ask for `path`, one at a time has it.

    The lock is the operating system's (`flock`), on a file that says who holds it. It ends with
    its process, however that ends: a file that a killed process left behind is taken over.

    Args:
      path: of the file, which is there only while somebody holds the lock.
      on_wait: called with who holds it, once, before waiting for the end of that; `None` raises.

    Raises:
      BlockingIOError: another process, or another block of this one, holds the lock; says which
        process, where and since when.
      OSError: the file cannot be written, or the file system knows no locks.

    Example:
      >>> import pathlib, tempfile
      >>> from tfp_flows.ops.locks import locked
      >>> path = pathlib.Path(tempfile.mkdtemp(), ".lock")
      >>> with locked(path):
      ...     with locked(path):
      ...         pass
      Traceback (most recent call last):
      BlockingIOError: ... must not be held by another process; got process ...
    """
    path = Path(path)
    file = _taken(path, on_wait)
    try:
        yield
    finally:
        # Before it is let go: nobody else's file is removed.
        path.unlink(missing_ok=True)
        os.close(file)


def _taken(path: Path, on_wait: Callable[[str], None] | None) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if _is_ours(file, path, on_wait):
                _sign(file)
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _is_ours(file: int, path: Path, on_wait: Callable[[str], None] | None) -> bool:
    """Whether the lock is held now; not if its file was removed while it was waited for."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = _holder(file)
        if on_wait is None:
            message = f"{path} must not be held by another process; got {holder}"
            raise BlockingIOError(message) from error
        on_wait(holder)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        error.filename = os.fspath(path)
        raise
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), path.stat())
    return False


def _sign(file: int) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    said = {"pid": os.getpid(), "host": socket.gethostname(), "since": now}
    os.ftruncate(file, 0)
    # Who cannot read it for a full disk is kept out all the same.
    with contextlib.suppress(OSError):
        os.pwrite(file, json.dumps(said).encode(), 0)


def _holder(file: int) -> str:
    try:
        said = json.loads(os.pread(file, 1000, 0))
        return f"process {said['pid']} on {said['host']} since {said['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "one that has not said which it is"
