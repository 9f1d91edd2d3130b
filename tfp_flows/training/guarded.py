"""A Keras model that no NaN gets past."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.training.arguments import check_no_loss, mended
from tfp_flows.training.feeding import Feed
from tfp_flows.training.guard import Guard
from tfp_flows.training.progress import Progress
from tfp_flows.training.totals import num_replicas
from tfp_flows.training.variables import require_found


class GuardedModel(keras.Model):
    """Training and evaluation steps with checks; `FlowModel` says what is computed in them.

    Args:
      **kwargs: as in `keras.Model`.
    """

    flow_variables: list[keras.Variable]
    bin_width: float

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._guard = Guard()
        self._progress = Progress(self)
        self._feed = Feed(self._progress)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """As in Keras, and makes the variables of the optimizer.

        Keras would make them while it traces the first step: TensorFlow then traces it twice, with
        a `tf.cond` for each of them, and files of weights read before it lose the optimizer's.
        """
        check_no_loss(super().compile, args, kwargs)
        super().compile(*args, **kwargs)
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
        feed = self._feed.opened(bound.arguments, self.bin_width)
        self._prepare(bound.arguments)
        callbacks = bound.arguments.get("callbacks")
        clocks = [keras.callbacks.LambdaCallback(on_epoch_begin=self._on_epoch_begin), feed]
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            bound.arguments["callbacks"] = [*tf.nest.flatten(callbacks or []), *clocks]
            return super().fit(*bound.args, **bound.kwargs)
        callbacks.callbacks.extend(clocks)
        try:
            return super().fit(*bound.args, **bound.kwargs)
        finally:
            for clock in clocks:
                callbacks.callbacks.remove(clock)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As in Keras; a `ValueError` at the first NaN in the loss, and NaN or inf in the data."""
        bound = mended(super().evaluate, args, kwargs)
        with self._feed.scoring(bound.arguments, self.bin_width):
            return super().evaluate(*bound.args, **bound.kwargs)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """As in Keras; log-densities in nats, one for each event."""
        bound = mended(super().predict, args, kwargs)
        with self._feed.scoring(bound.arguments, self.bin_width):
            return super().predict(*bound.args, **bound.kwargs)

    def _on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        del logs
        self._guard.epoch = epoch

    def reset_metrics(self) -> None:
        """As in Keras, which calls it at the start of every epoch and evaluation."""
        super().reset_metrics()
        self._guard.restart()

    def make_train_function(self, force: bool = False) -> None:  # noqa: FBT001, FBT002
        """As in Keras."""
        if self.train_function is not None and not force:
            return
        if not self.trainable_variables:
            raise ValueError(f"`{self.name}` must have something to train; got it all frozen.")
        super().make_train_function(force)
        explaining = self._guard.explaining(self.train_function, "epoch {epoch}")
        self.train_function = self._feed.skipping(explaining, self)

    def make_test_function(self, force: bool = False) -> None:  # noqa: FBT001, FBT002
        """As in Keras."""
        if self.test_function is not None and not force:
            return
        super().make_test_function(force)
        self.test_function = self._guard.explaining(self.test_function, "the evaluation")

    def train_step(self, data: Any) -> dict[str, Any]:
        """As in Keras, unless data, loss or gradient hold NaN or inf."""
        if not self.jit_compile:
            return self._train_step(data)
        # The whole step: batch normalization has followed the data by the time of the update.
        with self._guard.undo_if_noted([*self.weights, *self.optimizer.variables]):
            return self._train_step(data)

    def _train_step(self, data: Any) -> dict[str, Any]:
        x, y, sample_weight = self._unpack(data)
        with self._checked("The training data", data), tf.GradientTape() as tape:
            log_prob = self(x, training=True, seed=self._progress.training_seed())
            loss = self.compute_loss(x, y, log_prob, sample_weight)
            scaled = self.optimizer.scale_loss(loss)
        require_found(tape.watched_variables(), self.flow_variables)
        weights = self.trainable_weights
        with self._checked("The loss", loss):
            gradients = tape.gradient(scaled, weights)
            # Loss scaling means to skip the steps that overflow.
            skips = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
            with self._checked("The gradient", [] if skips else gradients):
                self.optimizer.apply_gradients(list(zip(gradients, weights, strict=True)))
                self._progress.advance()
                return self._finish(x, y, log_prob, sample_weight, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """As in Keras, unless the data hold NaN or inf, or the loss is NaN.

        A loss of inf is an answer: an event where the density is 0.
        """
        x, y, sample_weight = self._unpack(data)
        with self._checked("The evaluation data", data):
            log_prob = self(
                x, training=False, seed=self._progress.evaluation_seed(self._guard.batch)
            )
            loss = self.compute_loss(x, y, log_prob, sample_weight, training=False)
            not_inf = tf.where(tf.math.is_nan(loss), loss, tf.zeros_like(loss))
        with self._checked("The loss", not_inf):
            return self._finish(x, y, log_prob, sample_weight, loss)

    def predict_step(self, data: Any) -> tf.Tensor:
        """As in Keras."""
        return self(self._unpack(data)[0], training=False)

    def _prepare(self, data: dict[str, Any]) -> None:
        """Called with the arguments of `fit`, before it starts."""

    def _unpack(self, data: Any) -> tuple[Any, Any, Any]:
        return keras.utils.unpack_x_y_sample_weight(data)

    def _checked(self, what: str, values: Any) -> Any:
        """A block whose operations wait for the check."""
        checks = self._guard.check(what, values, noting=self.jit_compile)
        # As one: each operation in the block would wait for each of the checks.
        return tf.control_dependencies([tf.group(*checks)])

    def _finish(self, x: Any, y: Any, log_prob: Any, sample_weight: Any, loss: Any) -> dict:
        self._guard.count_step()
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss * num_replicas(), sample_weight=tf.shape(log_prob)[0])
        return self.compute_metrics(x, y, log_prob, sample_weight=sample_weight)
