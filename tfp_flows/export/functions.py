"""The functions of a SavedModel, and the variables they read."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.export.tensors import (
    COUNT,
    SEED,
    batch_of,
    bijector_keywords,
    checked_count,
    checked_temperature,
    function_of,
    keywords,
    stateless_pair,
)
from tfp_flows.latents.sampling import draw
from tfp_flows.latents.vectors import from_vector
from tfp_flows.ops.bits import bits_per_dim
from tfp_flows.training.batch import context_shape, real_dtype
from tfp_flows.training.variables import build
from tfp_flows.typing import Bijector, Distribution

# What a signature calls its only output.
_OUTPUTS = {
    "log_prob": "log_prob",
    "log_prob_importance_weighted": "log_prob",
    "bits_per_dim": "bits_per_dim",
    "sample": "x",
    "encode": "z",
    "decode": "x",
}


class Functions(tf.Module):
    """Functions of tensors with static shapes but for the batch; see `export.save`."""

    def __init__(self, flow: Distribution, bin_width: float) -> None:
        super().__init__()
        self.flow_variables = _variables_of(flow)
        # TensorFlow Serving finds no value for a variable that is also a `keras.Variable` in the
        # graph of objects: that stays out of it.
        self._flow = self._no_dependency(flow)  # pyright: ignore[reportAttributeAccessIssue]
        self._bin_width = bin_width
        shape, dtype = context_shape(flow), real_dtype(flow)
        context = [] if shape is None else [batch_of(shape, dtype, "context")]
        self._add_densities(context)
        base = _base_of(self._real_flow)
        if base is not None and _is_centred(base):
            temperature = tf.TensorSpec([], dtype, name="temperature")
            self.sample = function_of(self._sample_at, [COUNT, SEED, *context, temperature])
        else:
            self.sample = function_of(self._sample, [COUNT, SEED, *context])
        if base is not None and self._real_flow is flow:
            x = batch_of(flow.event_shape, flow.dtype, "x")
            self.encode = function_of(self._encode, [x, *context])
            z = batch_of(base.event_shape, base.dtype, "z")
            self.decode = function_of(self._decode, [z, *context])

    def as_signatures(self) -> dict[str, Any]:
        """The same functions by name, with dicts of one tensor as outputs; `log_prob` twice."""
        functions = {name: getattr(self, name, None) for name in _OUTPUTS}
        made = {name: _signature(f, _OUTPUTS[name]) for name, f in functions.items() if f}
        return {tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: made["log_prob"], **made}

    @property
    def _real_flow(self) -> Distribution:
        """Whose latents are drawn."""
        return self._flow

    def _add_densities(self, context: list[tf.TensorSpec]) -> None:
        x = batch_of(self._flow.event_shape, self._flow.dtype, "x")
        self.log_prob = function_of(self._log_prob, [x, *context])
        self.bits_per_dim = function_of(self._bits_per_dim, [x, *context])

    def _log_prob(self, x: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self._flow.log_prob(x, **bijector_keywords(context))

    def _bits_per_dim(self, *given: tf.Tensor) -> tf.Tensor:
        size = math.prod(self._flow.event_shape)
        return bits_per_dim(-self.log_prob(*given), size, self._bin_width)

    def _sample(self, count: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        count = checked_count(count, context)
        return self._flow.sample(count, seed=stateless_pair(seed), **bijector_keywords(context))

    def _sample_at(self, count: tf.Tensor, seed: tf.Tensor, *others: tf.Tensor) -> tf.Tensor:
        *context, temperature = others
        count = checked_count(count, context)
        temperature = checked_temperature(temperature)
        vector = draw(self._real_flow, [count], temperature, stateless_pair(seed))
        return from_vector(self._real_flow, vector, context[0] if context else None)

    def _encode(self, x: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self._flow.bijector.inverse(x, **keywords(context))

    def _decode(self, z: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return self._flow.bijector.forward(z, **keywords(context))


def _signature(function: Any, output: str) -> Any:
    return tf.function(
        lambda *tensors: {output: function(*tensors)}, input_signature=function.input_signature
    )


def _variables_of(flow: Distribution) -> tuple[tf.Variable, ...]:
    """All that TFP sees, and what Keras networks hold that are not shown to TFP."""
    build(flow)
    nodes = tf.train.TrackableView(flow).descendants()
    held = [getattr(node, "value", None) for node in nodes]
    found = [v for v in (*flow.variables, *nodes, *held) if isinstance(v, tf.Variable)]
    return tuple({id(variable): variable for variable in found}.values())


def _base_of(flow: Distribution) -> Distribution | None:
    """The distribution of the latents of a transformed distribution, if they are one tensor."""
    # By behaviour: around most bijectors `tfd.TransformedDistribution` makes a private class.
    base = getattr(flow, "distribution", None)
    is_transformed = isinstance(getattr(flow, "bijector", None), Bijector)
    is_tensor = isinstance(getattr(base, "event_shape", None), tf.TensorShape)
    return base if is_transformed and is_tensor else None


def _is_centred(base: Distribution) -> bool:
    """Whether latents can be multiplied by a temperature: their mean is known to be zero."""
    try:
        return bool(np.all(np.asarray(base.mean()) == 0))
    except NotImplementedError:
        return False
