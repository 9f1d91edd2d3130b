"""The base of our bijectors: value and log-det in one pass."""

import abc
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.context import fit_context
from tfp_flows.caching import FlowCache
from tfp_flows.typing import Bijector, Shape, TensorPair


class EventBijector(Bijector):
    """A bijector that computes a value and its log-det together.

    Subclasses implement `_forward_and_log_det` (latent to data, the side of sampling) and
    `_inverse_and_log_det` (data to latent, the side of densities: closed form, differentiable);
    TFP's four methods follow. One `log_prob` then runs each network once, and
    `log_prob(sample())` runs none again. Subclasses take `event_ndims` from their arguments, set
    `self._context_shape` if they use a context, and call `super().__init__` as TFP's own do.

    Two objects are equal only if they are the same object: TFP compares bijectors by parameters
    at each cache lookup, which is slow for deep chains and meaningless for networks.
    """

    _cache = FlowCache()
    _context_shape: Shape | None = None

    @property
    def context_shape(self) -> Shape | None:
        """Shape of one context, for bijectors that take `context=`; `None` for others."""
        return None if self._context_shape is None else tuple(self._context_shape)

    @abc.abstractmethod
    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        """`x = f(z)` and `log|det df/dz|`, which broadcasts against the batch shape."""

    @abc.abstractmethod
    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        """`z = f^-1(x)` and `log|det df^-1/dx|`, which broadcasts against the batch shape."""

    def forward_and_log_det(self, z: tf.Tensor, **kwargs: Any) -> TensorPair:
        """`x = f(z)` and `log|det df/dz|` in one pass, past the cache: `[B..., E...] -> [B...]`.

        Args:
          z: latent events.
          **kwargs: `context`, for bijectors that take one.

        Raises:
          TypeError: if `z` is not floating, or for a keyword that nobody takes.
          ValueError: if a context is missing, unexpected or of another shape.
        """
        z = tf.convert_to_tensor(z)
        kwargs = self._checked(z, self.forward_min_event_ndims, kwargs)
        with tf.name_scope(self.name):
            return self._forward_and_log_det(z, **kwargs)

    def inverse_and_log_det(self, x: tf.Tensor, **kwargs: Any) -> TensorPair:
        """`z = f^-1(x)` and `log|det df^-1/dx|` in one pass; see `forward_and_log_det`."""
        x = tf.convert_to_tensor(x)
        kwargs = self._checked(x, self.inverse_min_event_ndims, kwargs)
        with tf.name_scope(self.name):
            return self._inverse_and_log_det(x, **kwargs)

    def _checked(
        self, value: tf.Tensor, event_ndims: int, kwargs: dict, *, is_required: bool = True
    ) -> dict:
        """The keywords that reach the implementation, or a clear error."""
        if not value.dtype.is_floating:
            raise TypeError(
                f"`{self.name}` must be given floating numbers; got dtype {value.dtype.name}. "
                "Dequantize integer data first, for example with `tfp_flows.data.dequantize`."
            )
        context = kwargs.pop("context", None)
        if kwargs:
            raise TypeError(f"`{self.name}` takes no keyword {sorted(kwargs)}; only `context`.")
        if context is None and (self.context_shape is None or not is_required):
            return {}
        batch_shape = value.shape[:-event_ndims] if event_ndims else value.shape
        dynamic = tf.shape(value)[: tf.rank(value) - event_ndims]
        return {"context": fit_context(self, context, value.dtype, batch_shape, dynamic)}

    def _forward_and_ildj(self, z: tf.Tensor, **kwargs: Any) -> TensorPair:
        x, log_det = self.forward_and_log_det(z, **kwargs)
        return x, -_full(log_det, z, self.forward_min_event_ndims)

    def _inverse_and_ildj(self, x: tf.Tensor, **kwargs: Any) -> TensorPair:
        z, log_det = self.inverse_and_log_det(x, **kwargs)
        return z, _full(log_det, x, self.inverse_min_event_ndims)

    # The four hooks have TFP's names for the two sides: x is latent and y is data.
    def _forward(self, x: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        return self._forward_and_ildj(x, **kwargs)[0]

    def _inverse(self, y: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        return self._inverse_and_ildj(y, **kwargs)[0]

    def _forward_log_det_jacobian(self, x: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        return -self._forward_and_ildj(x, **kwargs)[1]

    def _inverse_log_det_jacobian(self, y: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        return self._inverse_and_ildj(y, **kwargs)[1]

    @classmethod
    def _parameter_properties(cls, dtype: Any) -> dict[str, Any]:
        del dtype
        return {}

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


def _full(log_det: tf.Tensor, value: tf.Tensor, event_ndims: int) -> tf.Tensor:
    """Gives a log-det that is the same for the whole batch the shape of the batch."""
    ranks = log_det.shape.rank, value.shape.rank
    if None not in ranks and ranks[0] >= ranks[1] - event_ndims:
        return log_det
    batch_shape = tf.shape(value)[: tf.rank(value) - event_ndims]
    return tf.broadcast_to(log_det, tf.broadcast_dynamic_shape(tf.shape(log_det), batch_shape))
