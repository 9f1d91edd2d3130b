"""A Keras model around a distribution: `fit`, callbacks, saving."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets import require_tensorflow_backend
from tfp_flows.ops.bits import bits_per_dim
from tfp_flows.training.batch import event_and_context
from tfp_flows.training.config import flow_from_config, flow_to_config
from tfp_flows.training.guard import BatchClock, require_finite
from tfp_flows.typing import Distribution


@keras.saving.register_keras_serializable(package="tfp_flows")
class FlowModel(keras.Model):
    """Fits any TFP distribution, ours or stock, by maximum likelihood.

    Batches are events `x [batch, *event_shape]`, or `{"x": x, "context": context}` for
    conditional flows, as arrays or in a `tf.data.Dataset`. The loss is the mean negative
    log-density in nats; the metrics are `nll`, the same, and `bits_per_dim`. `predict` gives the
    log-density of each event. XLA is used on accelerators only, unless `compile` is told
    otherwise: on CPUs it makes the training of convolutions slower.

    `save_weights`, `tf.train.Checkpoint` and `BackupAndRestore` keep every variable of any
    distribution; `save("m.keras")` also keeps how to build it, if it came from `tfp_flows.flows`.

    Args:
      distribution: anything with `log_prob` and trainable variables.
      bin_width: distance of neighbouring levels of the data where the distribution lives, for
        bits/dim: `1/256` for 8-bit pixels scaled to [0, 1); 1 for continuous data.
      name: as in Keras.

    Raises:
      TypeError: if `distribution` is no TFP distribution.
      ValueError: if it has nothing to train, or if Keras does not run on TensorFlow.

    Example:
      >>> import keras, numpy as np, tfp_flows
      >>> flow = tfp_flows.flows.coupling_flow((2,), num_couplings=2)
      >>> model = tfp_flows.FlowModel(flow)
      >>> model.compile(keras.optimizers.Adam(1e-3))
      >>> history = model.fit(np.random.normal(size=(64, 2)), batch_size=32, verbose=0)
      >>> sorted(history.history)
      ['bits_per_dim', 'loss', 'nll']
    """

    def __init__(
        self, distribution: Distribution, *, bin_width: float = 1.0, name: str | None = None
    ) -> None:
        require_tensorflow_backend()
        _check_distribution(distribution)
        # Not the global policy: under mixed precision the networks, which have policies of their
        # own, compute in 16 bits, and densities never do.
        dtype = distribution.dtype if isinstance(distribution.dtype, tf.DType) else tf.float32
        super().__init__(name=name, dtype=dtype.name if dtype.is_floating else None)
        self.supports_jit = _has_accelerator()
        self.bin_width = bin_width
        self.distribution = distribution
        self.flow_variables = [_share(variable) for variable in distribution.variables]
        self._nll = keras.metrics.Mean(name="nll")
        self._bits_per_dim = keras.metrics.Mean(name="bits_per_dim")

    def build(self, input_shape: Any = None) -> None:
        """Nothing is left to build: the distribution has its variables already."""
        del input_shape
        self.built = True

    def call(self, inputs: Any) -> tf.Tensor:
        """Log-density of each event, in nats: `[batch, *event_shape] -> [batch]`.

        Raises:
          TypeError: if the events are integers and the distribution is continuous.
          ValueError: if the events have another shape than the distribution.
        """
        x, context = event_and_context(inputs, self.distribution)
        kwargs = {} if context is None else {"bijector_kwargs": {"context": context}}
        return self.distribution.log_prob(x, **kwargs)

    def sample(self, n: int, seed: Any = None, context: Any = None) -> tf.Tensor:
        """Draws `n` events `[n, *event_shape]`.

        Args:
          n: how many; with contexts `[n, ...]`, one event for each.
          seed: an integer, or a pair as TFP's stateless seeds, for the same events again.
          context: of a conditional flow.
        """
        if isinstance(seed, int):
            seed = tf.constant([0, seed], tf.int32)
        kwargs = {} if context is None else {"bijector_kwargs": {"context": context}}
        return self._draw(n, seed, kwargs)

    @tf.function(reduce_retracing=True)
    def _draw(self, n: Any, seed: Any, kwargs: dict[str, Any]) -> tf.Tensor:
        return self.distribution.sample(n, seed=seed, **kwargs)

    def fit(self, *args: Any, callbacks: Any = None, **kwargs: Any) -> keras.callbacks.History:
        """As in Keras; stops with a `ValueError` at the first NaN or inf, naming the batch."""
        clock = BatchClock()
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.append(clock)  # pyright: ignore[reportAttributeAccessIssue]
        else:
            callbacks = [*tf.nest.flatten(callbacks or []), clock]
        try:
            return super().fit(*args, callbacks=callbacks, **kwargs)
        except tf.errors.InvalidArgumentError as error:
            explained = clock.explain(error)
            if explained is None:
                raise
            raise explained from None

    def train_step(self, data: Any) -> dict[str, Any]:
        """As in Keras, unless the data hold NaN or inf."""
        # Before anything else, so that bad data never reach the weights.
        checks = require_finite(data, "The training data", self.optimizer.iterations)
        with tf.control_dependencies(checks):
            return super().train_step(data)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,  # noqa: FBT001, FBT002 - the signature is Keras's
    ) -> tf.Tensor:
        """Mean negative log-density in nats.

        Raises:
          ValueError: if the dataset yields targets, which a density has no use for.
        """
        del x
        if y is not None:
            raise ValueError(
                "`FlowModel` must be given events alone; got pairs `(x, y)`. Map the dataset to "
                '`x`, or to `{"x": x, "context": y}` for a flow conditional on `y`.'
            )
        loss = -_weighted_mean(y_pred, sample_weight)
        checks = require_finite(loss, "The loss", self.optimizer.iterations) if training else []
        with tf.control_dependencies(checks):
            return tf.identity(loss)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """`nll` in nats and `bits_per_dim`."""
        del x, y
        size = math.prod(self.distribution.event_shape)
        self._nll.update_state(-y_pred, sample_weight)
        bits = bits_per_dim(-y_pred, size, self.bin_width)
        self._bits_per_dim.update_state(bits, sample_weight)
        return self.get_metrics_result()

    def get_config(self) -> dict[str, Any]:
        """How to build the model again.

        Raises:
          ValueError: if the distribution did not come from `tfp_flows.flows`.
        """
        return {
            "distribution": flow_to_config(self.distribution),
            "bin_width": self.bin_width,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "FlowModel":
        """A model with new variables from `get_config`."""
        del custom_objects
        config = dict(config)
        return cls(flow_from_config(config.pop("distribution")), **config)


def _weighted_mean(value: tf.Tensor, weight: Any) -> tf.Tensor:
    if weight is None:
        return tf.reduce_mean(value)
    weight = tf.cast(weight, value.dtype)
    return tf.reduce_sum(weight * value) / tf.reduce_sum(weight)


def _share(variable: tf.Variable) -> keras.Variable:
    """A `keras.Variable` with the storage of a `tf.Variable`, so that Keras can train it."""
    shared = keras.Variable(variable, dtype=variable.dtype.name, trainable=variable.trainable)
    if shared.value is not variable:
        raise RuntimeError(
            f"Keras copied the variable {variable.name} instead of sharing it: Keras 3.10 or "
            f"later is needed; got {keras.__version__}."
        )
    return shared


def _has_accelerator() -> bool:
    return bool(tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("TPU"))


def _check_distribution(distribution: Any) -> None:
    if not isinstance(distribution, Distribution):
        raise TypeError(f"`distribution` must be a TFP distribution; got {distribution!r}.")
    if not distribution.trainable_variables:
        raise ValueError(
            f"`distribution` must have something to train; got {distribution}, whose "
            "`trainable_variables` are empty. Give it `tf.Variable`s, or a bijector of tfp_flows; "
            "for Keras networks in stock bijectors see `bijectors.KerasNetwork`."
        )
