"""What a fit without data must be given."""

from typing import Any

import tensorflow as tf

from tfp_flows.typing import Distribution


def check_target(target_log_prob: Any, num_samples: int, distribution: Distribution) -> None:
    """Accepts a function of samples `[n, *event_shape]` that gives numbers `[n]`.

    Raises:
      TypeError: if it is no function.
      ValueError: if it gives something else.
    """
    if not callable(target_log_prob):
        raise TypeError(f"`target_log_prob` must be callable; got {target_log_prob!r}.")
    samples = tf.TensorSpec([num_samples, *distribution.event_shape], distribution.dtype)
    # Traced only.
    values = tf.function(target_log_prob).get_concrete_function(samples).output_shapes
    if not isinstance(values, tf.TensorShape) or not values.is_compatible_with([num_samples]):
        raise ValueError(
            f"`target_log_prob` must give one number for each of {num_samples} samples; got shape "
            f"{values}."
        )


def check_no_data(method: str, args: Any, kwargs: dict[str, Any], taken: set[str]) -> None:
    """Raises a `TypeError` if `fit` or `evaluate` is given more than the names in `taken`."""
    given = {"x"} if args else set(kwargs) - taken
    if given:
        raise TypeError(
            f"`{method}` of a `VariationalModel` must be given {sorted(taken)} only, as there are "
            f"no data; got {sorted(given)}."
        )
