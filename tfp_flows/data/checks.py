"""Checks of plain integer arguments."""

import operator
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
      >>> from tfp_flows.data.checks import check_int
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


def _as_int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None
