"""What a `VariationalModel` is made of and called with."""

from typing import Any

import tensorflow as tf

from tfp_flows.ops.arguments import check_int
from tfp_flows.training.totals import num_replicas
from tfp_flows.typing import Distribution

_TAKEN = {
    "fit": {"epochs", "steps_per_epoch", "initial_epoch", "callbacks", "verbose"},
    "evaluate": {"steps", "callbacks", "verbose", "return_dict"},
}


def check_target(target_log_prob: Any, num_samples: int, distribution: Distribution) -> None:
    """Raises a `TypeError` or a `ValueError` unless it gives one number for each sample."""
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


def check_num_samples(num_samples: Any) -> int:
    """Gives the number of samples; each replica of the strategy in scope draws one at least.

    Raises:
      TypeError: if it is no integer.
      ValueError: if it is too small.
    """
    replicas = num_replicas()
    if check_int("num_samples", num_samples, 1) < replicas:
        raise ValueError(
            f"`num_samples` must be at least {replicas}, one for each replica; got {num_samples}."
        )
    return int(num_samples)


def check_no_data(method: str, args: Any, kwargs: dict[str, Any]) -> None:
    """Raises a `TypeError` if `fit` or `evaluate` is called with data, or what belongs to data."""
    taken = _TAKEN[method]
    given = {"x"} if args else set(kwargs) - taken
    if given:
        raise TypeError(
            f"`{method}` of a `VariationalModel` must be given {sorted(taken)} only, as there are "
            f"no data; got {sorted(given)}."
        )
