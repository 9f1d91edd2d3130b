"""Checks of arguments, with errors that say what was wanted and what came."""

import difflib
import numbers
import operator
from collections.abc import Iterable
from typing import Any


def check_int(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Gives `value` as a Python `int` if it is an integer in `low..high`.

    Args:
      name: the name of the argument, for the message.
      value: what the caller passed; NumPy integers are integers, booleans are not.
      low: smallest allowed value.
      high: largest allowed value; `None` for no limit.

    Raises:
      TypeError: `value` is no integer.
      ValueError: `value` is out of range.

    Example:
      >>> from tfp_flows.ops.arguments import check_int
      >>> check_int("batch_size", 32, 1)
      32
    """
    wanted = f"an integer of at least {low}" if high is None else f"an integer in {low}..{high}"
    number = _as_int(value)
    if number is None:
        raise TypeError(f"`{name}` must be {wanted}; got {value!r}.")
    if number < low or (high is not None and number > high):
        raise ValueError(f"`{name}` must be {wanted}; got {number}.")
    return number


def check_real(name: str, value: Any) -> float:
    """Gives `value` as a Python `float` if it is a real number, NaN and infinity among them.

    Raises:
      TypeError: `value` is no number; booleans and strings are none.

    Example:
      >>> from tfp_flows.ops.arguments import check_real
      >>> check_real("rate", 1)
      1.0
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"`{name}` must be a number; got {value!r}.")
    return float(value)


def check_shape(name: str, sizes: Any, *, minimum: int = 1) -> tuple[int, ...]:
    """Gives the sizes as a tuple of Python `int`s, each at least `minimum`.

    Raises:
      TypeError: if `sizes` is no sequence of integers.
      ValueError: if one of them is too small.

    Example:
      >>> from tfp_flows.ops.arguments import check_shape
      >>> check_shape("event_shape", [4, 3])
      (4, 3)
    """
    try:
        shape = tuple(operator.index(size) for size in sizes)
    except TypeError as error:
        raise TypeError(f"`{name}` must be a tuple of ints; got {sizes!r}.") from error
    if any(size < minimum for size in shape):
        raise ValueError(f"`{name}` must have sizes of at least {minimum}; got {shape}.")
    return shape


def check_kind(name: str, value: Any, kind: type) -> None:
    """Raises a `TypeError` unless `value` is a `kind`."""
    if not isinstance(value, kind):
        raise TypeError(
            f"`{name}` must be a {kind.__name__}; got {value!r} of type {type(value).__name__}."
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that is not known: the one that was meant, if any is near.

    Example:
      >>> from tfp_flows.ops.arguments import did_you_mean
      >>> did_you_mean("glwo", ["nice", "glow"]), did_you_mean("x", ["nice", "glow"])
      (" Did you mean 'glow'?", '')
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _as_int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None
