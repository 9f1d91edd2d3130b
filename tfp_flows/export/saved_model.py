"""Writes a flow as a SavedModel that needs nothing but TensorFlow."""

import os
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.training.checks import check_distribution
from tfp_flows.typing import Bijector, Distribution


def save(flow: Distribution, path: str | os.PathLike[str]) -> None:
    """Writes the directory `path`; `tf.saved_model.load(path)` gives an object with functions.

    - `log_prob(x)`: `[batch, *event_shape] -> [batch]`, in nats.
    - `sample(n, seed)`: `n` events, two integers in; the same seed gives the same events.
    - `encode(x)` and `decode(z)`: data to latent and back, for transformed distributions.

    Every batch size works. A conditional flow's functions take `context` as a last argument,
    `[batch, *context_shape]`, classes as one-hot vectors; `sample` then takes one context for each
    of the `n` events.

    Args:
      flow: a distribution with a static event shape.
      path: directory to write.

    Raises:
      TypeError: if `flow` is no TFP distribution.
      ValueError: if it is not one distribution over one tensor of static shape.

    Example:
      >>> import tempfile, tensorflow as tf, tfp_flows
      >>> path = tempfile.mkdtemp()
      >>> tfp_flows.export.save(tfp_flows.flows.coupling_flow((2,), num_couplings=2), path)
      >>> loaded = tf.saved_model.load(path)
      >>> loaded.sample(3, 0).shape
      TensorShape([3, 2])
    """
    check_distribution("flow", flow)
    tf.saved_model.save(_Exported(flow), os.fspath(path))


class _Exported(tf.Module):
    """The functions of the SavedModel, and the variables they read."""

    def __init__(self, flow: Distribution) -> None:
        super().__init__()
        self.flow = flow
        bijector = getattr(flow, "bijector", None)
        shape = context_shape_of(bijector) if bijector is not None else None
        context = [] if shape is None else [_batch_spec(shape, flow.dtype, "context")]
        integer = tf.TensorSpec([], tf.int32)
        x = _batch_spec(flow.event_shape, flow.dtype, "x")
        self.log_prob = tf.function(self._log_prob, input_signature=[x, *context])
        self.sample = tf.function(self._sample, input_signature=[integer, integer, *context])
        # By behaviour: around most bijectors `tfd.TransformedDistribution` makes a private class.
        if isinstance(bijector, Bijector):
            z = _batch_spec(flow.distribution.event_shape, flow.distribution.dtype, "z")
            self.encode = tf.function(self._encode, input_signature=[x, *context])
            self.decode = tf.function(self._decode, input_signature=[z, *context])

    def _log_prob(self, x: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.log_prob(x, **_bijector_kwargs(context))

    def _sample(self, n: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        seed = tf.stack([tf.zeros_like(seed), seed])
        return self.flow.sample(n, seed=seed, **_bijector_kwargs(context))

    def _encode(self, x: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.bijector.inverse(x, **_keywords(context))

    def _decode(self, z: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.bijector.forward(z, **_keywords(context))


def _batch_spec(shape: Any, dtype: tf.DType, name: str) -> tf.TensorSpec:
    return tf.TensorSpec([None, *shape], dtype, name=name)


def _keywords(context: tuple[tf.Tensor, ...]) -> dict[str, Any]:
    return {"context": context[0]} if context else {}


def _bijector_kwargs(context: tuple[tf.Tensor, ...]) -> dict[str, Any]:
    return {"bijector_kwargs": _keywords(context)} if context else {}
