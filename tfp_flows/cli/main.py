"""The commands, and what becomes of their errors."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from tfp_flows.cli.errors import RunError, UsageError, in_options, told
from tfp_flows.cli.parser import make_parser
from tfp_flows.training.signals import left_by


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
      argv: the arguments; those of the process if not given.

    Returns:
      The exit code: 0 if all went well, 1 for failures, 2 for commands that cannot be meant,
      130 after Ctrl-C and 143 after SIGTERM. Errors are one line on stderr.

    Example:
      >>> import tempfile
      >>> from tfp_flows.cli import main
      >>> main(["evaluate", tempfile.gettempdir() + "/no-run"])
      1
    """
    arguments = make_parser().parse_args(argv)
    try:
        with _terminable():
            arguments.function(arguments)
    except KeyboardInterrupt:
        print("tfp-flows: interrupted", file=sys.stderr)
        return 130
    except SystemExit as stop:
        print("tfp-flows: terminated", file=sys.stderr)
        return int(stop.code or 0)
    except BrokenPipeError:
        # Whoever read the output has gone; what Python flushes at its end has to go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # An error of any kind is one line.
        if arguments.traceback:
            raise
        is_ours = isinstance(error, UsageError | RunError)
        message = told(error) if is_ours else in_options(told(error))
        print(f"tfp-flows: error: {message}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM goes through every `finally`, as Ctrl-C does."""

    def leave(number: int, frame: object) -> None:
        raise left_by(number)

    is_default = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
