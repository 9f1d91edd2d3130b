"""What a distribution must be to be trained and exported."""

from typing import Any

import tensorflow as tf

from tfp_flows.typing import Distribution


def check_distribution(argument: str, distribution: Any) -> None:
    """Accepts one distribution over one tensor of static shape.

    Raises:
      TypeError: if `distribution` is no TFP distribution, or one whose events are several tensors.
      ValueError: if its events have no static shape, or if it is a batch of distributions.
    """
    if not isinstance(distribution, Distribution):
        raise TypeError(f"`{argument}` must be a TFP distribution; got {distribution!r}.")
    event_shape = distribution.event_shape
    if not isinstance(event_shape, tf.TensorShape):
        raise TypeError(
            f"`{argument}` must have events of one tensor; got {distribution} with event shapes "
            f"{event_shape}. `tfd.Blockwise` makes one tensor of several, and "
            "`distributions.Marginal` takes one part of a joint distribution."
        )
    if not event_shape.is_fully_defined():
        raise ValueError(f"`{argument}` must have a static event shape; got {event_shape}.")
    if distribution.batch_shape.rank:
        raise ValueError(
            f"`{argument}` must be a single distribution, of batch shape (); got {distribution} "
            f"of batch shape {tuple(distribution.batch_shape)}. See `tfd.Independent`."
        )


def check_bin_width(bin_width: float, distribution: Distribution) -> None:
    """Raises a `ValueError` unless levels can be so far apart where the distribution lives."""
    if not bin_width > 0:
        raise ValueError(f"`bin_width` must be positive; got {bin_width}.")
    if distribution.dtype.is_integer and bin_width != 1:
        raise ValueError(
            f"`bin_width` must be 1 for integers, which are 1 apart; got {bin_width} for "
            f"{distribution}. Its `log_prob` is that of the integers already."
        )
