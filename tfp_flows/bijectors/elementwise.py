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
        in `Coupling`; without a context, `net()` gives them for all, `[1, ...]`. `None` for one
        learned number each.
      context_shape: shape of one context, if `net` takes one.
      dtype: of the learned parameters.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if the event is a scalar, if `context_shape` comes without `net`, or if the
        network puts out a wrong shape.

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
        if net is None and context_shape is not None:
            raise ValueError(
                f"`net` must be given to read contexts of shape {context_shape}; got None."
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
        self._net = None if net is None else Conditioner(net, num_params)
        if self._net is None:
            *leading, size = self._event_shape
            shape = (*leading, num_params * size)
            self._raw = tf.Variable(tf.zeros(shape, dtype), name="raw")
        else:
            contexts = [] if self.context_shape is None else [self.context_shape]
            self._net.probe(contexts, self._event_shape)

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
        if self._net is None:
            return tf.cast(self._raw, event.dtype)
        known = [] if context is None else [(context, len(self.context_shape or ()))]
        return self._net.raw(known, self._event_shape, event.dtype)
