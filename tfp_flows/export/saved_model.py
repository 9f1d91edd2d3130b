"""Writes a flow as a SavedModel that needs nothing but TensorFlow."""

import os
from typing import Any

import tensorflow as tf

from tfp_flows.distributions import Dequantized
from tfp_flows.training.batch import context_shape, real_dtype
from tfp_flows.training.checks import check_distribution
from tfp_flows.typing import Bijector, Distribution

_INTEGER = tf.TensorSpec([], tf.int32)


def save(flow: Distribution, path: str | os.PathLike[str]) -> None:
    """Writes the directory `path`; `tf.saved_model.load(path)` gives an object with functions.

    - `log_prob(x)`: `[batch, *event_shape] -> [batch]`, in nats.
    - `sample(n, seed)`: `n` events, two integers in; the same seed gives the same events.
    - `encode(x)` and `decode(z)`: data to latent and back, for transformed distributions.

    For integers under a flow, `distributions.Dequantized`, there are bounds in place of densities:

    - `log_prob(x, seed)`: the bound from one sample of noise, in nats.
    - `log_prob_importance_weighted(x, num_samples, seed)`: the tighter one, from many.
    - `sample(n, seed)`: as above, integers; no `encode` and `decode`.

    Their `x` has the dtype of the distribution: uint8 for up to 256 levels, int32 for more.

    Every batch size works. A conditional flow's functions take `context` as a last argument,
    `[batch, *context_shape]`, classes as one-hot vectors; `sample` then takes one context for each
    of the `n` events.

    Args:
      flow: a distribution with a static event shape, such as a flow or a `Dequantized` one.
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
    kind = _ExportedIntegers if isinstance(flow, Dequantized) else _Exported
    tf.saved_model.save(kind(flow), os.fspath(path))


class _Exported(tf.Module):
    """The functions of the SavedModel, and the variables they read."""

    def __init__(self, flow: Distribution) -> None:
        super().__init__()
        self.flow = flow
        shape = context_shape(flow)
        context = [] if shape is None else [_batch_spec(shape, real_dtype(flow), "context")]
        x = _batch_spec(flow.event_shape, flow.dtype, "x")
        self._make_densities(x, context)
        self.sample = tf.function(self._sample, input_signature=[_INTEGER, _INTEGER, *context])
        bijector = getattr(flow, "bijector", None)
        # By behaviour: around most bijectors `tfd.TransformedDistribution` makes a private class.
        if isinstance(bijector, Bijector):
            z = _batch_spec(flow.distribution.event_shape, flow.distribution.dtype, "z")
            self.encode = tf.function(self._encode, input_signature=[x, *context])
            self.decode = tf.function(self._decode, input_signature=[z, *context])

    def _make_densities(self, x: tf.TensorSpec, context: list[tf.TensorSpec]) -> None:
        self.log_prob = tf.function(self._log_prob, input_signature=[x, *context])

    def _log_prob(self, x: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.log_prob(x, **_bijector_kwargs(context))

    def _sample(self, n: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.sample(n, seed=_pair(seed), **_bijector_kwargs(context))

    def _encode(self, x: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.bijector.inverse(x, **_keywords(context))

    def _decode(self, z: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.bijector.forward(z, **_keywords(context))


class _ExportedIntegers(_Exported):
    """The same for integers, whose bounds need noise."""

    def _make_densities(self, x: tf.TensorSpec, context: list[tf.TensorSpec]) -> None:
        self.log_prob = tf.function(self._bound, input_signature=[x, _INTEGER, *context])
        self.log_prob_importance_weighted = tf.function(
            self._tighter_bound, input_signature=[x, _INTEGER, _INTEGER, *context]
        )

    def _bound(self, x: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self.flow.log_prob(x, seed=_pair(seed), **_bijector_kwargs(context))

    def _tighter_bound(
        self, x: tf.Tensor, num_samples: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor
    ) -> tf.Tensor:
        return self.flow.log_prob(
            x,
            num_samples=num_samples,
            importance_weighted=True,
            seed=_pair(seed),
            **_bijector_kwargs(context),
        )


def _pair(seed: tf.Tensor) -> tf.Tensor:
    return tf.stack([tf.zeros_like(seed), seed])


def _batch_spec(shape: Any, dtype: tf.DType, name: str) -> tf.TensorSpec:
    return tf.TensorSpec([None, *shape], dtype, name=name)


def _keywords(context: tuple[tf.Tensor, ...]) -> dict[str, Any]:
    return {"context": context[0]} if context else {}


def _bijector_kwargs(context: tuple[tf.Tensor, ...]) -> dict[str, Any]:
    return {"bijector_kwargs": _keywords(context)} if context else {}
