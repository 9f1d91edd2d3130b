"""Steps of training and evaluation that no NaN gets past."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.backend import require_tensorflow_backend
from tfp_flows.training.batch import real_dtype
from tfp_flows.training.checks import check_distribution
from tfp_flows.training.executions import one_by_one
from tfp_flows.training.fault import NonFiniteError, find_layer
from tfp_flows.training.feeding import Feed
from tfp_flows.training.guard import Guard
from tfp_flows.training.held import HeldBatch
from tfp_flows.training.progress import Progress
from tfp_flows.training.totals import num_replicas, share_of
from tfp_flows.training.variables import lost_variables, require_found, shared_variables
from tfp_flows.training.workers import as_keras_reduces
from tfp_flows.typing import Distribution


class CheckedSteps(keras.Model):
    """What happens to a batch; `GuardedModel` says how it gets there, `FlowModel` what the loss is.

    Args:
      distribution: what is trained.
      name: as in Keras.

    Raises:
      TypeError: if `distribution` is no TFP distribution over one tensor.
      ValueError: if it has nothing to train, no static event shape or a batch shape, or if Keras
        does not run on TensorFlow.
    """

    def __init__(self, distribution: Distribution, name: str | None) -> None:
        require_tensorflow_backend()
        check_distribution("distribution", distribution)
        # Not the global policy: under mixed precision the networks, which have policies of their
        # own, compute in 16 bits, and densities never do.
        super().__init__(name=name, dtype=real_dtype(distribution).name)
        self.distribution = distribution
        self.flow_variables = shared_variables(distribution)
        # In a tuple: `tf.train.Checkpoint` does not see the lists of a Keras model.
        self._lost_variables = lost_variables(distribution, self.flow_variables)
        self._guard = Guard()
        self.progress = Progress(self)
        self._feed = Feed(self.progress)
        self.on_fault: Callable[[NonFiniteError], bool] | None = None
        """Told of a fault in training, which goes on with the next batch if it returns true."""
        self.on_left: Callable[[], None] | None = None
        """Called when `fit` is left, also by an error."""
        self.on_validated: Callable[[], None] | None = None
        """Called after a validation of `fit`, when callbacks have undone what they did for it."""
        self.built = True

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
        run = self._explaining(self.train_function, self._guard.training_batch)
        run = self._executing(self._guard.recovering(run, self))
        self.train_function = self._feed.skipping(run, self)

    def make_test_function(self, force: bool = False) -> None:  # noqa: FBT001, FBT002
        """As in Keras."""
        if self.test_function is not None and not force:
            return
        super().make_test_function(force)
        run = self._explaining(self.test_function, self._guard.evaluation_batch)
        self.test_function = self._executing(run)

    @property
    def _is_compiled(self) -> bool:
        """Whether XLA compiles the steps: on TPUs, whatever `compile` was told."""
        is_tpu = isinstance(self.distribute_strategy, tf.distribute.TPUStrategy)
        return is_tpu or bool(self.jit_compile)

    def _executing(self, function: Any) -> Any:
        """`function`, which is Keras's graph of `steps_per_execution` steps."""
        has_one_replica = self.distribute_strategy.num_replicas_in_sync == 1
        if self.steps_per_execution == 1 or (self._is_compiled and has_one_replica):
            return function
        return one_by_one(function, self)

    def _explaining(self, function: Any, held: HeldBatch) -> Any:
        if not self._is_compiled or self.steps_per_execution == 1:
            strategy = self.distribute_strategy
            function = held.kept(function, strategy, by_step=not self._is_compiled)
        return self._guard.explaining(function, held, lambda d: self._unpack(d)[0], self._find)

    def train_step(self, data: Any) -> dict[str, Any]:
        """As in Keras, unless data, loss or gradient hold NaN or inf."""
        if not self._is_compiled:
            return self._train_step(data)
        # The whole step: batch normalization has followed the data by the time of the update.
        variables = [*self.weights, *self.metrics_variables, *self.optimizer.variables]
        with self._guard.undo_if_noted(variables):
            return self._train_step(data)

    def _train_step(self, data: Any) -> dict[str, Any]:
        x, y, sample_weight = self._unpack(data)
        held = self._hold(data, self._guard.training_batch)
        with held, self._checked("The training data", data), tf.GradientTape() as tape:
            y_pred = self(x, training=True, seed=self.progress.training_seed())
            loss = self.compute_loss(x, y, y_pred, sample_weight)
            scaled = self.optimizer.scale_loss(loss)
        require_found(tape.watched_variables(), self.flow_variables)
        weights = self.trainable_weights
        with self._checked("The loss", loss):
            gradients = tape.gradient(scaled, weights)
            # Loss scaling means to skip the steps that overflow.
            skips = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
            with self._checked("The gradient", [] if skips else gradients):
                self.optimizer.apply_gradients(list(zip(gradients, weights, strict=True)))
                self.progress.advance()
                return self._finish(x, y, y_pred, sample_weight, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """As in Keras, unless the data hold NaN or inf, or the loss is NaN.

        A loss of inf is an answer: an event where the density is 0.
        """
        x, y, sample_weight = self._unpack(data)
        with (
            self._hold(data, self._guard.evaluation_batch),
            self._checked("The evaluation data", data),
        ):
            seed = self.progress.evaluation_seed(self._guard.batch)
            y_pred = self(x, training=False, seed=seed)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
            not_inf = tf.where(tf.math.is_nan(loss), loss, tf.zeros_like(loss))
        with self._checked("The loss", not_inf):
            return self._finish(x, y, y_pred, sample_weight, loss)

    def predict_step(self, data: Any) -> tf.Tensor:
        """As in Keras."""
        seed = self.progress.evaluation_seed(self._guard.num_predicted)
        y_pred = self(self._unpack(data)[0], training=False, seed=seed)
        self._guard.num_predicted.assign_add(tf.constant(1, tf.int64))
        return y_pred

    def _share(self, loss: tf.Tensor, y_pred: Any) -> tf.Tensor:
        """What a replica adds to the loss: its events count as all others, and regularizers."""
        loss *= share_of(_size(y_pred), loss.dtype)
        return loss + sum(tf.cast(penalty, loss.dtype) for penalty in self.losses) / num_replicas()

    def _find(self, what: str, inputs: Any) -> tuple[str, str | None]:
        """A sentence about where a fault began, and the name of the layer."""
        return find_layer(self.distribution, what, inputs)

    def _unpack(self, data: Any) -> tuple[Any, Any, Any]:
        return keras.utils.unpack_x_y_sample_weight(data)

    def _hold(self, data: Any, held: HeldBatch) -> Any:
        """A block whose operations wait until the batch is kept."""
        return tf.control_dependencies([] if self._is_compiled else [held.hold(data)])

    def _checked(self, what: str, values: Any) -> Any:
        """A block whose operations wait for the check."""
        checks = self._guard.check(what, values, noting=self._is_compiled)
        # As one: each operation in the block would wait for each of the checks.
        return tf.control_dependencies([tf.group(*checks)])

    def _finish(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Any) -> dict:
        self._guard.count_step()
        for metric in self.metrics:
            if metric.name == "loss":
                # Metrics add what replicas give, as Keras does with losses.
                size = _size(y_pred)
                whole = tf.math.divide_no_nan(loss, share_of(size, loss.dtype))
                metric.update_state(whole, sample_weight=size)
        logs = self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
        return as_keras_reduces(logs, self.distribute_strategy)


def _size(y_pred: Any) -> tf.Tensor:
    return tf.shape(tf.nest.flatten(y_pred)[0])[0]
