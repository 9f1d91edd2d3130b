"""A scalar transform on every entry."""

from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.conditioner import Conditioner
from tfp_flows.ops.arguments import check_kind, check_shape
from tfp_flows.ops.reduce import sum_event
from tfp_flows.transforms import ScalarTransform
from tfp_flows.typing import Net, Shape, TensorPair


class Elementwise(EventBijector):
    """`x[i] = f(z[i]; raw[i])` for every entry `i` of an event.

    The parameters are learned numbers, one set for each entry, or come from a context alone. This
    is the one-dimensional flow and the conditional flow that a coupling cannot be, since a
    coupling needs entries to keep.

    Args:
      transform: the family of scalar maps; see `tfp_flows.transforms`.
      event_shape: shape of one event, of rank 1 at least; `(1,)` for single numbers.
      net: `net(context)` gives raw parameters `[batch, *event_shape[:-1], num_params * C]`, as
        in `Coupling`; `None` for learned parameters.
      context_shape: shape of one context, given together with `net`.
      dtype: of the learned parameters.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if the event is a scalar, if only one of `net` and `context_shape` is given, or
        if the network puts out a wrong shape.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors, transforms
      >>> layer = bijectors.Elementwise(transforms.Affine(), (3,))
      >>> layer.trainable_variables[0].shape
      TensorShape([6])
    """

    def __init__(
        self,
        transform: ScalarTransform,
        event_shape: Shape,
        *,
        net: Net | None = None,
        context_shape: Shape | None = None,
        dtype: tf.DType = tf.float32,
        validate_args: bool = False,
        name: str = "elementwise",
    ) -> None:
        parameters = dict(locals())
        check_kind("transform", transform, ScalarTransform)
        event_shape = check_shape("event_shape", event_shape)
        if context_shape is not None:
            context_shape = check_shape("context_shape", context_shape)
        if not event_shape:
            raise ValueError("`event_shape` must have rank 1 or more; got (). Use (1,) instead.")
        if (net is None) != (context_shape is None):
            raise ValueError(
                "`net` and `context_shape` must be given together; got "
                f"net={net!r} and context_shape={context_shape}."
            )
        self._transform = transform
        self._context_shape = self._no_dependency(context_shape)
        self._event_shape = self._no_dependency(event_shape)
        super().__init__(
            forward_min_event_ndims=len(event_shape),
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        self._parametrize(net, dtype)

    def _parametrize(self, net: Any, dtype: tf.DType) -> None:
        num_params = self._transform.num_params
        if net is None:
            *leading, size = self._event_shape
            shape = (*leading, num_params * size)
            self._raw = tf.Variable(tf.zeros(shape, dtype), name="raw")
        else:
            self._net = Conditioner(net, num_params)
            self._net.probe([self.context_shape or ()], self._event_shape)

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        x, log_slope = self._transform.forward_and_log_det(z, self._parameters_for(z, context))
        return x, sum_event(log_slope, len(self._event_shape))

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        z, log_slope = self._transform.inverse_and_log_det(x, self._parameters_for(x, context))
        return z, sum_event(log_slope, len(self._event_shape))

    def _parameters_for(self, event: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        given = tuple(event.shape[-len(self._event_shape) :])
        if given != self._event_shape:
            raise ValueError(
                f"`{self.name}` must be given events of shape {self._event_shape}; got "
                f"{tuple(event.shape)}."
            )
        if context is None:
            return tf.cast(self._raw, event.dtype)
        known = [(context, len(self.context_shape or ()))]
        return self._net.raw(known, self._event_shape, event.dtype)
