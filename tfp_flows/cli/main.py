"""The commands, and what becomes of their errors."""

import os
import sys
from collections.abc import Sequence

from tfp_flows.cli.errors import RunError, UsageError, in_options, told
from tfp_flows.cli.parser import make_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
      argv: the arguments; those of the process if not given.

    Returns:
      The exit code: 0 if all went well, 1 for failures, 2 for commands that cannot be meant, and
      130 after Ctrl-C. Errors are one line on stderr.

    Example:
      >>> import tempfile
      >>> from tfp_flows.cli import main
      >>> main(["evaluate", tempfile.gettempdir() + "/no-run"])
      1
    """
    arguments = make_parser().parse_args(argv)
    try:
        arguments.function(arguments)
    except KeyboardInterrupt:
        print("tfp-flows: interrupted", file=sys.stderr)
        return 130
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
