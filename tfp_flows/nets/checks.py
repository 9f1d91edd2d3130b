"""Checks of the arguments that the nets have in common."""

import math
from typing import Any

import keras

from tfp_flows.ops.arguments import check_int, check_real


def check_bool(name: str, value: bool) -> None:  # noqa: FBT001 - it is the value to check
    """Refuse anything but True and False.

    Raises:
      TypeError: If `value` is no bool.
    """
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be a bool; got {value!r}.")


def check_odd(name: str, value: int) -> None:
    """Refuse anything but odd numbers of at least 1.

    Raises:
      TypeError: If `value` is no integer.
      ValueError: If it is even, or less than 1.
    """
    check_int(name, value, 1)
    if value % 2 == 0:
        raise ValueError(f"`{name}` must be odd; got {value}.")


def check_number(name: str, value: float, *, positive: bool = False) -> None:
    """Refuse anything but finite numbers, and if so wanted all but positive ones.

    Raises:
      TypeError: If `value` is no number.
      ValueError: If it is infinite or NaN, or not positive where it must be.
    """
    if not math.isfinite(check_real(name, value)):
        raise ValueError(f"`{name}` must be finite; got {value}.")
    if positive and not value > 0:
        raise ValueError(f"`{name}` must be positive; got {value}.")


def check_scaled(spec: Any) -> None:
    """Refuse bad values of the fields that Glow's nets have in common.

    Args:
      spec: Net factory with `edge`, `log_scale_factor` and `dtype`.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.
    """
    check_bool("edge", spec.edge)
    check_number("log_scale_factor", spec.log_scale_factor, positive=True)
    check_dtype(spec.dtype)


def check_layers(spec: Any) -> None:
    """Refuse bad values of the fields that all net factories have.

    Args:
      spec: Net factory with `activation`, `dropout`, `weight_norm`, `zero_init` and `dtype`.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.
    """
    check_activation(spec.activation)
    check_dropout(spec.dropout)
    check_bool("weight_norm", spec.weight_norm)
    check_bool("zero_init", spec.zero_init)
    check_dtype(spec.dtype)


def check_gated(spec: Any) -> None:
    """Refuse bad values of the fields that the nets of Flow++ have in common.

    Args:
      spec: Net factory with `filters`, `num_blocks`, `dropout`, `weight_norm` and `dtype`.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.
    """
    check_int("filters", spec.filters, 1)
    check_int("num_blocks", spec.num_blocks, 1)
    check_dropout(spec.dropout)
    check_bool("weight_norm", spec.weight_norm)
    check_dtype(spec.dtype)


def check_dropout(value: float) -> None:
    """Refuse anything but a rate in [0, 1).

    Raises:
      TypeError: If `value` is no number.
      ValueError: If it is negative, or 1 or more.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"`dropout` must be a number; got {value!r}.")
    if not 0 <= value < 1:
        raise ValueError(f"`dropout` must be at least 0 and less than 1; got {value}.")


def check_activation(name: str) -> None:
    """Refuse anything but the name of a Keras activation.

    Raises:
      TypeError: If `name` is no string.
      ValueError: If Keras does not know it.
    """
    if not isinstance(name, str):
        raise TypeError(f"`activation` must be a string; got {name!r}.")
    try:
        keras.activations.get(name)
    except ValueError as error:
        raise ValueError(
            f"`activation` must be the name of a Keras activation; got {name!r}."
        ) from error


def check_dtype(name: str | None) -> None:
    """Refuse anything but None and the name of a floating Keras dtype policy.

    Raises:
      TypeError: If `name` is neither None nor a string.
      ValueError: If Keras does not know it, or it does not compute with floating numbers.
    """
    if name is None:
        return
    if not isinstance(name, str):
        raise TypeError(f"`dtype` must be None or a string; got {name!r}.")
    if not _is_float_policy(name):
        raise ValueError(f"`dtype` must be the name of a float dtype or policy; got {name!r}.")


def _is_float_policy(name: str) -> bool:
    try:
        policy = keras.dtype_policies.get(name)
    except ValueError:
        return False
    return keras.backend.is_float_dtype(policy.compute_dtype)
