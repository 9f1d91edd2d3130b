"""The functions of a SavedModel of integers."""

from typing import Any

import tensorflow as tf

from tfp_flows.export.functions import Functions
from tfp_flows.export.tensors import (
    NUM_SAMPLES,
    SEED,
    batch_of,
    bijector_keywords,
    function_of,
    stateless_pair,
)
from tfp_flows.typing import Distribution


class IntegerFunctions(Functions):
    """Those of a `distributions.Dequantized`, whose bounds need noise.

    The integers are int32 however few levels there are: where bytes are wanted, NumPy and
    TensorFlow Serving make 44 of 300, in silence.
    """

    @property
    def _real_flow(self) -> Distribution:
        return self._flow.flow

    def _add_densities(self, context: list[tf.TensorSpec]) -> None:
        x = batch_of(self._flow.event_shape, tf.int32, "x")
        self.log_prob = function_of(self._log_prob, [x, SEED, *context])
        self.bits_per_dim = function_of(self._bits_per_dim, [x, SEED, *context])
        self.log_prob_importance_weighted = function_of(
            self._log_prob_importance_weighted, [x, NUM_SAMPLES, SEED, *context]
        )

    def _log_prob(self, x: tf.Tensor, *given: tf.Tensor) -> tf.Tensor:
        return self._bound(x, *given)

    def _log_prob_importance_weighted(
        self, x: tf.Tensor, num_samples: tf.Tensor, *given: tf.Tensor
    ) -> tf.Tensor:
        return self._bound(x, *given, num_samples=num_samples, importance_weighted=True)

    def _bound(
        self, x: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor, **kwargs: Any
    ) -> tf.Tensor:
        seed = stateless_pair(seed)
        return self._flow.log_prob(x, seed=seed, **kwargs, **bijector_keywords(context))

    def _sample(self, count: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return tf.cast(super()._sample(count, seed, *context), tf.int32)

    def _sample_at(self, count: tf.Tensor, seed: tf.Tensor, *others: tf.Tensor) -> tf.Tensor:
        y = super()._sample_at(count, seed, *others)
        return tf.cast(self._flow.quantize(y), tf.int32)
