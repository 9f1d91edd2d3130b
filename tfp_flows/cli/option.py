"""Options of a command: what is given, and what holds where nothing is."""

import argparse
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True)
class Option:
    """One option with a value, or a flag.

    The parser knows no defaults: so a command can tell what was said from what was not, which a
    resumed run needs.

    Args:
      flag: such as `--batch-size`.
      default: the value where nothing is given; flags are `False` there.
      help: what it does; the default is added to it.
      type: of the value; `bool` for a flag.
      metavar: what `--help` calls the value.
      choices: the allowed values.
      nargs: as in `argparse`.
    """

    flag: str
    default: Any
    help: str
    type: Callable[[str], Any] = str
    metavar: str | tuple[str, ...] | None = None
    choices: Sequence[Any] | None = None
    nargs: int | str | None = None

    @property
    def name(self) -> str:
        """In configurations, such as `batch_size`."""
        return self.flag.removeprefix("--").replace("-", "_")

    def add_to(self, group: Any) -> None:
        """Declares the option."""
        if self.type is bool:
            group.add_argument(
                self.flag, action="store_true", default=argparse.SUPPRESS, help=self.help
            )
            return
        group.add_argument(
            self.flag,
            default=argparse.SUPPRESS,
            help=self.help + self._default_text(),
            type=self.type,
            metavar=self.metavar,
            choices=self.choices,
            nargs=self.nargs,
        )

    def _default_text(self) -> str:
        if self.default is None or self.default == []:
            return ""
        return f" (default: {self.default})"


def given(arguments: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    """The options that were said, by name."""
    said = vars(arguments)
    return {option.name: said[option.name] for option in options if option.name in said}


def with_defaults(said: dict[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """All options, by name."""
    return {
        option.name: said.get(option.name, False if option.type is bool else option.default)
        for option in options
    }


def at_least(low: int) -> Callable[[str], int]:
    """The type of integers of at least `low`."""

    def integer(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}; got {value}")
        return value

    return integer


def between(low: float, high: float) -> Callable[[str], float]:
    """The type of numbers in the half-open interval `[low, high)`."""

    def number(text: str) -> float:
        value = float(text)
        if not low <= value < high:
            wanted = f"at least {low:g}" if high == float("inf") else f"in [{low:g}, {high:g})"
            raise argparse.ArgumentTypeError(f"must be {wanted}; got {text}")
        return value

    return number
