"""Flows of TensorFlow, ours and TFP's: both through `FlowModel`."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from likelihood.course import CLIP
from tfp_flows import FlowModel, training
from tfp_flows.typing import Distribution

PACKAGES = ("tensorflow", "tensorflow-probability", "keras", "tfp_flows")


class KerasLearner:
    """See `course.Learner`.

    Args:
      make: makes the flow, given some first events.
      first: these.
    """

    def __init__(self, make: Callable[[np.ndarray], Distribution], first: np.ndarray) -> None:
        flow, shown = make(first), make(first)
        training.initialize(flow, first)
        self._model, self._shown = FlowModel(flow), FlowModel(shown)
        self._trained = list(flow.trainable_variables)
        self._pairs = list(zip(shown.variables, flow.variables, strict=True))
        for average, variable in self._pairs:
            average.assign(variable)
        self.parameters = sum(int(np.prod(v.shape)) for v in self._trained)
        self._optimizer = keras.optimizers.Adam(epsilon=1e-8)
        self._optimizer.build(self._trained)

    def step(self, x: np.ndarray, rate: float, decay: float) -> float:
        """One step, and its loss."""
        self._optimizer.learning_rate.assign(rate)
        return float(self._step(tf.constant(x), tf.constant(decay)))

    @tf.function(autograph=False)
    def _step(self, x: tf.Tensor, decay: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self._model(x, training=True))
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, self._trained), CLIP)
        self._optimizer.apply_gradients(zip(gradients, self._trained, strict=True))
        for average, variable in self._pairs:
            if variable.dtype.is_floating:
                average.assign_sub((1 - decay) * (average - variable))
        return loss

    def log_prob(self, x: np.ndarray, seed: int) -> np.ndarray:
        """Nats."""
        return self._log_prob(tf.constant(x), tf.constant([0, seed])).numpy()

    @tf.function(autograph=False)
    def _log_prob(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return self._shown(x, training=False, seed=seed)

    def weights(self) -> list[np.ndarray]:
        """Copies."""
        return [average.numpy() for average, _ in self._pairs]

    def load(self, weights: list[np.ndarray]) -> None:
        """Puts them back."""
        for (average, _), value in zip(self._pairs, weights, strict=True):
            average.assign(value)
