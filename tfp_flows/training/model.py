"""A Keras model around a distribution: `fit`, callbacks, saving."""

import math
import operator
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets import require_tensorflow_backend
from tfp_flows.ops.bits import bits_per_dim
from tfp_flows.training.batch import bijector_kwargs, check_context, event_and_context
from tfp_flows.training.checks import check_distribution
from tfp_flows.training.config import flow_from_config, flow_to_config
from tfp_flows.training.guarded import GuardedModel, num_replicas
from tfp_flows.training.variables import shared_variables
from tfp_flows.typing import Distribution


@keras.saving.register_keras_serializable(package="tfp_flows")
class FlowModel(GuardedModel):
    """Fits any TFP distribution, ours or stock, by maximum likelihood.

    Batches are events `x [batch, *event_shape]`, or `{"x": x, "context": context}` for
    conditional flows, as arrays or in a `tf.data.Dataset`. The loss is the mean negative
    log-density in nats (with `sample_weight`, each event's term times its weight), plus the
    regularizers of Keras networks, if they have any. The metrics are `nll`, the (weighted) mean
    without them, and `bits_per_dim`. `predict` gives the log-density of each event. Keras asks
    for XLA on accelerators only, unless `compile` is told otherwise: on CPUs it makes the training
    of convolutions slower.

    `save_weights`, `tf.train.Checkpoint` and `BackupAndRestore` keep every variable of any
    distribution; `save("m.keras")` also keeps how to build it, if it came from `tfp_flows.flows`.

    Args:
      distribution: anything with `log_prob` and trainable variables.
      bin_width: distance of neighbouring levels of the data where the distribution lives, for
        bits/dim: `1/256` for 8-bit pixels scaled to [0, 1); 1 for continuous data.
      name: as in Keras.

    Raises:
      TypeError: if `distribution` is no TFP distribution.
      ValueError: if it has nothing to train, if it is not one distribution over one tensor of
        static shape, or if Keras does not run on TensorFlow.

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
        check_distribution("distribution", distribution)
        # Not the global policy: under mixed precision the networks, which have policies of their
        # own, compute in 16 bits, and densities never do.
        dtype = distribution.dtype if distribution.dtype.is_floating else tf.float32
        super().__init__(name=name, dtype=dtype.name)
        self.bin_width = bin_width
        self.distribution = distribution
        self.flow_variables = shared_variables(distribution)
        self._nll = keras.metrics.Mean(name="nll")
        self._bits_per_dim = keras.metrics.Mean(name="bits_per_dim")
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Nothing is left to build: the distribution has its variables already."""

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001
        """Log-density of each event, in nats: `[batch, *event_shape] -> [batch]`.

        Args:
          inputs: a batch.
          training: reaches the networks through Keras, for dropout and the like.

        Raises:
          TypeError: if the events are integers and the distribution is continuous.
          ValueError: if the events have another shape than the distribution.
        """
        del training
        x, context = event_and_context(inputs, self.distribution)
        return self.distribution.log_prob(x, **bijector_kwargs(context))

    def sample(self, n: int, seed: Any = None, context: Any = None) -> tf.Tensor:
        """Draws `n` events `[n, *event_shape]`.

        Args:
          n: how many; with contexts `[n, ...]`, one event for each.
          seed: an integer, or a pair as TFP's stateless seeds, for the same events again.
          context: of a conditional flow.

        Raises:
          TypeError: if `n` is no integer.
          ValueError: if it is negative, or the context is unexpected or of another batch.
        """
        n = operator.index(n)
        if n < 0:
            raise ValueError(f"`n` must be at least 0; got {n}.")
        if context is not None:
            context = tf.convert_to_tensor(context, self.distribution.dtype)
            check_context(context, self.distribution, (n,))
        # Tensors: a Python number would be traced anew for each value.
        return self._draw(tf.constant(n), _stateless(seed), bijector_kwargs(context))

    @tf.function(reduce_retracing=True)
    def _draw(self, n: tf.Tensor, seed: Any, kwargs: dict[str, Any]) -> tf.Tensor:
        return self.distribution.sample(n, seed=seed, **kwargs)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,  # noqa: FBT001, FBT002 - the signature is Keras's
    ) -> tf.Tensor:
        """Mean negative log-density in nats, and regularizers.

        Raises:
          ValueError: if the dataset yields targets, which a density has no use for.
        """
        del x, training
        if y is not None:
            raise ValueError(
                "`FlowModel` must be given events alone; got pairs `(x, y)`. Map the dataset to "
                '`x`, or to `{"x": x, "context": y}` for a flow conditional on `y`.'
            )
        nll = -y_pred if sample_weight is None else -y_pred * _weight(sample_weight, y_pred)
        # Not 0/0 for a replica that got nothing of the last batch.
        mean = tf.math.divide_no_nan(tf.reduce_sum(nll), tf.cast(tf.size(nll), nll.dtype))
        penalties = [tf.cast(penalty, mean.dtype) for penalty in self.losses]
        return tf.add_n([mean, *penalties]) / num_replicas()

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """`nll` in nats and `bits_per_dim`."""
        del x, y
        if sample_weight is not None:
            sample_weight = _weight(sample_weight, y_pred)
        bits = bits_per_dim(-y_pred, math.prod(self.distribution.event_shape), self.bin_width)
        self._nll.update_state(-y_pred, sample_weight)
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


def _weight(sample_weight: Any, log_prob: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tf.cast(sample_weight, log_prob.dtype), tf.shape(log_prob))


def _stateless(seed: Any) -> tf.Tensor | None:
    """The pair of integers that TFP calls a stateless seed."""
    if seed is None or tf.is_tensor(seed):
        return seed
    if not isinstance(seed, list | tuple):
        seed = divmod(operator.index(seed), 2**31)
    return tf.constant(seed, tf.int32)
