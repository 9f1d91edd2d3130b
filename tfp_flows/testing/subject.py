"""A bijector under test, with the data to try it on."""

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.typing import Bijector, Shape


class Subject:
    """Calls a bijector on fresh tensors, so that no cache can answer.

    Args:
      bijector: any bijector, ours or stock.
      x: data `[n, *event_shape]`.
      event_ndims: rank of one event of data.
      seed: of the contexts, for conditional bijectors.
    """

    def __init__(self, bijector: Bijector, x: tf.Tensor, event_ndims: int, seed: int = 0) -> None:
        self.bijector = bijector
        self.x = x
        self.data_ndims = event_ndims
        self.latent_ndims = int(bijector.inverse_event_ndims(event_ndims))
        self.context = _random_context(bijector, x, seed)

    def inverse(self, x: tf.Tensor, context: Any = "own") -> tf.Tensor:
        return self.bijector.inverse(tf.identity(x), **self._kwargs(context))

    def forward(self, z: tf.Tensor, context: Any = "own") -> tf.Tensor:
        return self.bijector.forward(tf.identity(z), **self._kwargs(context))

    def inverse_log_det(self, x: tf.Tensor, context: Any = "own") -> tf.Tensor:
        return self.bijector.inverse_log_det_jacobian(
            tf.identity(x), event_ndims=self.data_ndims, **self._kwargs(context)
        )

    def forward_log_det(self, z: tf.Tensor, context: Any = "own") -> tf.Tensor:
        return self.bijector.forward_log_det_jacobian(
            tf.identity(z), event_ndims=self.latent_ndims, **self._kwargs(context)
        )

    def both(self, x: tf.Tensor, context: Any = "own") -> tuple[tf.Tensor, tf.Tensor]:
        """Latent and inverse log-det, the latter with the full batch shape."""
        log_det = self.inverse_log_det(x, context)
        batch_shape = x.shape[: x.shape.rank - self.data_ndims]
        if (log_det.shape.rank or 0) > batch_shape.rank:
            raise ValueError(f"the log-det must have shape {batch_shape}; it has {log_det.shape}")
        dynamic_shape = tf.shape(x)[: batch_shape.rank]
        return self.inverse(x, context), tf.broadcast_to(log_det, dynamic_shape)

    def cast(self, dtype: tf.DType) -> "Subject":
        """The same subject with data of another dtype."""
        return Subject(self.bijector, tf.cast(self.x, dtype), self.data_ndims)

    def _kwargs(self, context: Any) -> dict[str, Any]:
        context = self.context if isinstance(context, str) else context
        return {} if context is None else {"context": context}


@contextlib.contextmanager
def scrambled(bijector: Bijector, scale: float, seed: int) -> Iterator[None]:
    """Moves the trainable variables for a while: at the identity, wrong log-dets look right."""
    before = [(variable, tf.identity(variable)) for variable in bijector.variables]
    try:
        for i, variable in enumerate(bijector.trainable_variables):
            if variable.dtype.is_floating:
                seeds = [seed, i]
                noise = tf.random.stateless_normal(variable.shape, seeds, dtype=variable.dtype)
                variable.assign_add(tf.cast(scale, noise.dtype) * noise)
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def random_data(event_shape: Shape, dtype: tf.DType, seed: int, n: int = 6) -> tf.Tensor:
    """Standard normal events `[n, *event_shape]`."""
    return tf.random.stateless_normal([n, *event_shape], seed=[seed, 77], dtype=dtype)


def accepted_dtypes(bijector: Bijector, x: tf.Tensor, event_ndims: int) -> list[tf.DType]:
    """The dtype that the bijector insists on, or those of float64 and float32 that it can do."""
    fixed = bijector.forward_dtype()
    if isinstance(fixed, tf.DType):
        return [fixed]
    return [d for d in (tf.float64, tf.float32) if _takes(bijector, tf.cast(x, d), event_ndims)]


def _takes(bijector: Bijector, x: tf.Tensor, event_ndims: int) -> bool:
    try:
        subject = Subject(bijector, x, event_ndims)
        subject.both(x)
    except Exception:
        return False
    return True


def _random_context(bijector: Bijector, x: tf.Tensor, seed: int) -> tf.Tensor | None:
    shape = context_shape_of(bijector)
    if shape is None:
        return None
    return tf.random.stateless_normal([x.shape[0], *shape], seed=[seed, 78], dtype=x.dtype)
