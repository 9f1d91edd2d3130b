"""Fixed shift and scale, fitted to training data before a flow is made."""

from typing import Any

import ml_dtypes
import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.typing import Shape, TensorPair


class Standardize(EventBijector):
    """`z = (x - mean) / std` for every entry, with log-det `-sum(log(std))`.

    As the first link of a flow it makes the densities those of the data as they are, in their own
    units, so that scores of different preprocessings can be compared. `data.Table.moments` gives
    both arguments. The two are variables that do not train: checkpoints and SavedModels hold them.

    Args:
      mean: numbers of the shape of one event, which has rank 1 at least.
      std: positive numbers of the same shape.
      dtype: of the variables.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if the shapes differ or are (), or if a number is not finite, or a deviation not
        positive.
      TypeError: if an argument holds no numbers.

    Example:
      >>> from tfp_flows import bijectors
      >>> layer = bijectors.Standardize([10.0, 0.0], [2.0, 0.5])
      >>> layer.inverse([12.0, 1.0]).numpy().tolist()
      [1.0, 2.0]
    """

    def __init__(
        self,
        mean: Any,
        std: Any,
        *,
        dtype: tf.DType = tf.float32,
        validate_args: bool = False,
        name: str = "standardize",
    ) -> None:
        parameters = dict(locals())
        mean, std = _numbers("mean", mean, dtype), _numbers("std", std, dtype)
        if mean.ndim == 0 or mean.shape != std.shape:
            wanted = "of one shape, of rank 1 or more"
            raise ValueError(f"`mean` and `std` must be {wanted}; got {mean.shape}, {std.shape}.")
        if not np.isfinite(mean).all():
            raise ValueError(f"`mean` must be finite; got {_first(mean, ~np.isfinite(mean))}.")
        # TensorFlow takes what is smaller than a normal number for 0.
        smallest = float(ml_dtypes.finfo(std.dtype).tiny)  # Of bfloat16, too.
        is_bad = ~(np.isfinite(std) & (std >= smallest))
        if is_bad.any():
            wanted = f"finite and positive, at least {smallest:.1e}"
            raise ValueError(f"`std` must be {wanted}; got {_first(std, is_bad)}.")
        super().__init__(
            forward_min_event_ndims=mean.ndim,
            is_constant_jacobian=True,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        self._mean = tf.Variable(mean, trainable=False, name="mean")
        self._std = tf.Variable(std, trainable=False, name="std")

    @property
    def event_shape(self) -> Shape:
        """The shape of one event."""
        return tuple(self._mean.shape)

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        mean, std = self._values(z)
        return z * std + mean, tf.reduce_sum(tf.math.log(std))

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        mean, std = self._values(x)
        return (x - mean) / std, -tf.reduce_sum(tf.math.log(std))

    def _values(self, event: tf.Tensor) -> TensorPair:
        shape = self._mean.shape
        if not event.shape[-shape.rank :].is_compatible_with(shape):
            raise ValueError(
                f"`{self.name}` must be given events of shape {tuple(shape)}; got "
                f"{tuple(event.shape)}."
            )
        return tf.cast(self._mean, event.dtype), tf.cast(self._std, event.dtype)


def _numbers(name: str, values: Any, dtype: tf.DType) -> np.ndarray:
    try:
        return np.asarray(values, tf.as_dtype(dtype).as_numpy_dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(f"`{name}` must hold numbers; got {values!r}.") from error


def _first(values: np.ndarray, is_bad: np.ndarray) -> str:
    place = tuple(int(i) for i in np.argwhere(is_bad)[0])
    return f"{values[place]} at {list(place)}"
