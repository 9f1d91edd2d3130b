"""A Keras model that reads flows' batches, and that no NaN gets past."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.training.arguments import check_no_loss, check_xla, mended
from tfp_flows.training.precision import computes_in_float16, with_scaled_loss
from tfp_flows.training.steps import CheckedSteps


class GuardedModel(CheckedSteps):
    """`compile`, `fit`, `evaluate` and `predict` of Keras, with checked arguments and steps."""

    bin_width: float = 1.0

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """As in Keras, and makes the variables of the optimizer.

        Keras would make them while it traces the first step: TensorFlow then traces it twice, with
        a `tf.cond` for each of them, and files of weights read before it lose the optimizer's. And
        Keras scales the loss where the model has the policy `mixed_float16`: here the networks do.
        """
        given = check_no_loss(super().compile, args, kwargs)
        super().compile(*args, **kwargs)
        if self.jit_compile:
            check_xla(self.distribute_strategy)
        if given.get("auto_scale_loss", True) and computes_in_float16(self.distribution):
            self.optimizer = with_scaled_loss(self.optimizer)
        if self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """As in Keras, which skips models with a `compile` of their own."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """As in Keras; stops with a `ValueError` at the first NaN or inf, naming the batch.

        A training that a callback restores goes on with the batch after the last one that the
        weights have seen, also in the middle of an epoch.
        """
        self._initial_epoch = None  # Of a `fit` before, which was restored.
        bound = mended(super().fit, args, kwargs)
        feed = self._feed.opened(bound.arguments, self.bin_width, self.distribute_strategy)
        self._prepare(bound.arguments)
        callbacks = bound.arguments.get("callbacks")
        clocks = [keras.callbacks.LambdaCallback(on_epoch_begin=self._on_epoch_begin), feed]
        # Of a `fit` that was interrupted: Keras tells callbacks of its end only if it gets there.
        self.on_fault = self.on_left = self.on_validated = None
        self.progress.awaits_validation = False
        given = callbacks if isinstance(callbacks, keras.callbacks.CallbackList) else None
        if given is None:
            bound.arguments["callbacks"] = [*tf.nest.flatten(callbacks or []), *clocks]
        else:
            for clock in clocks:
                clock.set_model(self)
            given.callbacks.extend(clocks)
        try:
            return super().fit(*bound.args, **bound.kwargs)
        finally:
            for clock in clocks if given is not None else ():
                given.callbacks.remove(clock)
            if self.on_left is not None:
                self.on_left()

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # All is built. Keras takes the mean of a first batch over the replicas here, which cannot
        # be where their parts have different sizes: 2, 2 and 0 of a batch of 4.
        del iterator, data_batch

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As in Keras; a `ValueError` at the first NaN in the loss, and NaN or inf in the data."""
        bound = mended(super().evaluate, args, kwargs)
        with self._feed.scoring(bound.arguments, self.bin_width, self.distribute_strategy):
            return super().evaluate(*bound.args, **bound.kwargs)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """As in Keras; log-densities in nats, one for each event.

        The noise of a bound is that of an `evaluate` of the same batches.
        """
        self._guard.num_predicted.assign(0)
        bound = mended(super().predict, args, kwargs)
        with self._feed.scoring(bound.arguments, self.bin_width, self.distribute_strategy):
            return super().predict(*bound.args, **bound.kwargs)

    def _on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        del logs
        self._guard.epoch = epoch

    def _prepare(self, data: dict[str, Any]) -> None:
        """Called with the arguments of `fit`, before it starts."""
