"""What goes wrong on a command line, in one line."""

import os
import re


class UsageError(Exception):
    """The command says something that cannot be meant: exit code 2."""


class RunError(Exception):
    """The command is sound, and what it asks for failed: exit code 1."""


def told(error: BaseException) -> str:
    r"""What an error says, in one line; with its kind where the message alone would be a riddle.

    Example:
      >>> from tfp_flows.cli.errors import told
      >>> told(ValueError("`size` must be\n  (height, width); got 3."))
      '`size` must be (height, width); got 3.'
      >>> told(KeyError("x"))
      "KeyError: 'x'"
    """
    message = re.sub(r"\s+", " ", getattr(error, "message", "") or str(error)).strip()
    if isinstance(error, OSError) and error.strerror:
        file = "" if error.filename is None else f"{os.fspath(error.filename)}: "
        message = f"{file}{error.strerror}"
    ours = isinstance(error, UsageError | RunError | ValueError | TypeError | OSError | ImportError)
    return message if ours and message else f"{type(error).__name__}: {message}"
