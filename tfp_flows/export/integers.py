"""The functions of a SavedModel of integers under a flow."""

import tensorflow as tf

from tfp_flows.export.bounds import BoundFunctions
from tfp_flows.typing import Distribution


class IntegerFunctions(BoundFunctions):
    """Those of a `distributions.Dequantized`.

    The integers are int32 however few levels there are: where bytes are wanted, NumPy and
    TensorFlow Serving make 44 of 300, in silence.
    """

    @property
    def _real_flow(self) -> Distribution:
        return self._flow.flow

    @property
    def _event_dtype(self) -> tf.DType:
        return tf.int32

    def _sample(self, count: tf.Tensor, seed: tf.Tensor, *context: tf.Tensor) -> tf.Tensor:
        return tf.cast(super()._sample(count, seed, *context), tf.int32)

    def _sample_at(self, count: tf.Tensor, seed: tf.Tensor, *others: tf.Tensor) -> tf.Tensor:
        y = super()._sample_at(count, seed, *others)
        return tf.cast(self._flow.quantize(y), tf.int32)
