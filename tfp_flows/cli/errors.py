"""What goes wrong on a command line, in one line."""

import os
import re

from tfp_flows.cli.data_options import DATA
from tfp_flows.cli.training_options import FLOW, TRAINING

# Of a split not the option, which may be `--validation` as well.
_WORDS = {option.name: option.flag for option in (*DATA, *FLOW, *TRAINING)} | {
    "source": "--data",
    "split": "the split",
}


class UsageError(Exception):
    """The command says something that cannot be meant: exit code 2."""


class RunError(Exception):
    """The command is sound, and what it asks for failed: exit code 1."""


def in_options(message: str) -> str:
    """A message about arguments of Python functions, with the options in their place.

    Example:
      >>> from tfp_flows.cli.errors import in_options
      >>> in_options('`num_bits` must be in 1..8 with `fit="crop"`; got 9. See `Batches`.')
      '--num-bits must be in 1..8 with --fit crop; got 9. See `Batches`.'
    """

    def option(match: re.Match[str]) -> str:
        name, value = match.groups()
        if name not in _WORDS:
            return match[0]
        return _WORDS[name] if value in (None, "True") else f"{_WORDS[name]} {value}"

    return re.sub(r'`(\w+)(?:="?([^`"]*)"?)?`', option, message)


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
