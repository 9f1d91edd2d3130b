"""A scalar transform as TFP sees it."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.caching import FlowCache
from tfp_flows.typing import Bijector


class ScalarBijector(Bijector):
    """`x = f(z; raw)` for each entry of `z`, `f` a `ScalarTransform`.

    Args:
      transform: the family.
      raw: `[..., num_params]`, a tensor or anything that TFP or Keras can train: a `tf.Variable`, a
        `tfp.util.TransformedVariable`, a `keras.Variable`.
      validate_args: as in TFP.
      name: as in TFP.
    """

    _cache = FlowCache()

    def __init__(
        self,
        transform: Any,
        raw: Any,
        *,
        validate_args: bool = False,
        name: str = "scalar_bijector",
    ) -> None:
        parameters = dict(locals())
        self._transform = transform
        self._raw = _by_reference(raw)
        _check(self._raw, transform)
        super().__init__(
            forward_min_event_ndims=0,
            validate_args=validate_args,
            dtype=self._raw.dtype,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype: Any) -> dict[str, Any]:
        del dtype
        return {"raw": tfp.util.ParameterProperties(event_ndims=1)}

    @classmethod
    def _is_increasing(cls, **kwargs: Any) -> bool:
        del kwargs
        return True

    def _forward_and_ildj(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x, log_slope = self._run(self._transform.forward_and_log_det, z)
        return x, -log_slope

    def _inverse_and_ildj(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self._run(self._transform.inverse_and_log_det, x)

    # The four hooks have TFP's names for the two sides: x is latent and y is data.
    def _forward(self, x: tf.Tensor) -> tf.Tensor:
        return self._forward_and_ildj(x)[0]

    def _inverse(self, y: tf.Tensor) -> tf.Tensor:
        return self._inverse_and_ildj(y)[0]

    def _forward_log_det_jacobian(self, x: tf.Tensor) -> tf.Tensor:
        return -self._forward_and_ildj(x)[1]

    def _inverse_log_det_jacobian(self, y: tf.Tensor) -> tf.Tensor:
        return self._inverse_and_ildj(y)[1]

    def _run(self, method: Any, value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        raw = tf.convert_to_tensor(self._raw)
        batch_shape = tf.broadcast_dynamic_shape(tf.shape(value), tf.shape(raw)[:-1])
        out, log_slope = method(tf.broadcast_to(value, batch_shape)[..., tf.newaxis], raw)
        return out[..., 0], log_slope[..., 0]


def _by_reference(raw: Any) -> Any:
    """`raw` as a tensor, but what can be trained as it is."""
    value = getattr(raw, "value", None)
    if isinstance(value, tf.Variable):  # `raw` is a Keras 3 variable.
        return value
    is_variable = isinstance(raw, tf.Variable | tfp.util.DeferredTensor)
    return raw if is_variable else tf.convert_to_tensor(raw)


def _check(raw: Any, transform: Any) -> None:
    if not raw.dtype.is_floating:
        raise TypeError(f"`raw` must hold floating numbers; got dtype {raw.dtype.name}.")
    if raw.shape.rank == 0 or raw.shape[-1] != transform.num_params:
        raise ValueError(
            f"`raw` must have {transform.num_params} numbers on its last axis for {transform}; "
            f"got shape {tuple(raw.shape)}."
        )
