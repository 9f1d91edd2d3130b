"""Lower bounds of a log-probability from one sample, or from many."""

import abc
import warnings
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.seeds import stateless_seed
from tfp_flows.typing import Distribution


class BoundedDistribution(Distribution, abc.ABC):
    """Its `log_prob` is a lower bound from samples, and takes their number and their seed.

    `log_prob(x, num_samples=1, importance_weighted=False, seed=None)`.

    Args:
      dtype: of events.
      event_shape: of events.
      parameters: those of the constructor, as TFP wants them.
      validate_args: as in TFP.
      name: as in TFP.
    """

    def __init__(
        self,
        dtype: tf.DType,
        event_shape: Any,
        parameters: dict[str, Any],
        *,
        validate_args: bool,
        name: str,
    ) -> None:
        self._bounded_shape = tf.TensorShape(event_shape)
        super().__init__(
            dtype=dtype,
            reparameterization_type=tfp.distributions.NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @abc.abstractmethod
    def _checked_events(self, x: Any) -> tf.Tensor:
        """Events of the right kind and shape as a tensor, before TFP rounds or wraps numbers."""

    def _call_log_prob(self, value: Any, name: str, **kwargs: Any) -> tf.Tensor:
        # NumPy's 300 would become a byte of 44, in silence.
        return super()._call_log_prob(self._checked_events(value), name, **kwargs)

    def _call_prob(self, value: Any, name: str, **kwargs: Any) -> tf.Tensor:
        return tf.exp(self._call_log_prob(value, name, **kwargs))

    def _call_unnormalized_log_prob(self, value: Any, name: str, **kwargs: Any) -> tf.Tensor:
        return self._call_log_prob(value, name, **kwargs)

    def _event_shape(self) -> tf.TensorShape:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._bounded_shape

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> dict[str, Any]:
        del dtype, num_classes
        return {}


def lower_bound(
    log_weight: Callable[[tf.Tensor], tf.Tensor],
    num_samples: Any,
    seed: Any,
    dtype: tf.DType,
    *,
    importance_weighted: bool,
) -> tf.Tensor:
    """The mean of `log_weight(seed_k)`, or the logarithm of the mean of its exponential.

    Args:
      log_weight: gives tensors of the given dtype, all of one shape, for stateless seeds.
      num_samples: how many seeds; an integer or an integer tensor.
      seed: an integer, a pair or `None`. A single sample gets the pair as it is.
      dtype: of the weights.
      importance_weighted: which of the two.

    Raises:
      TypeError: if `num_samples` or `seed` is no integer.
      ValueError: if `num_samples` is less than 1, or no scalar.
      tf.errors.InvalidArgumentError: if it is less than 1, in a graph.
    """
    num_samples = _checked(num_samples, importance_weighted=importance_weighted)
    seed = stateless_seed(seed)
    if isinstance(num_samples, int) and num_samples == 1:
        return log_weight(seed)
    shape = [num_samples, 2]
    seeds = tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype=tf.int32)
    # One at a time: that is what keeps the memory flat.
    log_weights = tf.map_fn(log_weight, seeds, parallel_iterations=1, fn_output_signature=dtype)
    if not importance_weighted:
        return tf.reduce_mean(log_weights, axis=0)
    return tf.reduce_logsumexp(log_weights, axis=0) - tf.math.log(tf.cast(num_samples, dtype))


def _checked(num_samples: Any, *, importance_weighted: bool) -> int | tf.Tensor:
    """An `int` where the number is known, else a tensor that is checked in the graph."""
    if tf.is_symbolic_tensor(num_samples):
        known = tf.get_static_value(num_samples)
        if known is None:
            return _checked_symbol(num_samples)
        num_samples = known
    number = check_int("num_samples", num_samples, 1)
    if number == 1 and importance_weighted:
        warnings.warn(
            "`importance_weighted` makes no difference with `num_samples=1`: the result is the "
            "plain bound. More samples tighten it.",
            stacklevel=7,
        )
    return number


def _checked_symbol(num_samples: tf.Tensor) -> tf.Tensor:
    if not num_samples.dtype.is_integer:
        raise TypeError(f"`num_samples` must be an integer; got dtype {num_samples.dtype.name}.")
    if not num_samples.shape.is_compatible_with([]):
        raise ValueError(f"`num_samples` must be one number; got shape {num_samples.shape}.")
    message = "`num_samples` must be an integer of at least 1; got"
    is_valid = tf.greater(num_samples, 0)
    with tf.control_dependencies([tf.debugging.Assert(is_valid, [message, num_samples])]):
        return tf.cast(tf.identity(num_samples), tf.int32)
