"""The functions of a SavedModel whose densities are bounds from samples."""

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


class BoundFunctions(Functions):
    """Those of a `BoundedDistribution`, such as `distributions.Marginal`: samples need a seed."""

    @property
    def _event_dtype(self) -> tf.DType:
        return self._flow.dtype

    def _add_densities(self, context: list[tf.TensorSpec]) -> None:
        x = batch_of(self._flow.event_shape, self._event_dtype, "x")
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
