"""A Keras model around a distribution: `fit`, callbacks, saving."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.distributions.bounds import BoundedDistribution
from tfp_flows.ops.bits import bits_per_dim
from tfp_flows.phases import training as training_phase
from tfp_flows.training.arguments import check_no_targets
from tfp_flows.training.batch import (
    bijector_kwargs,
    event_and_context,
    labels_as_context,
)
from tfp_flows.training.checks import check_bin_width
from tfp_flows.training.config import flow_from_config, flow_to_config
from tfp_flows.training.guarded import GuardedModel
from tfp_flows.training.initialize import first_batch, initialize, needs_initialization
from tfp_flows.training.sampling import sample_arguments
from tfp_flows.training.totals import event_weights, mean
from tfp_flows.typing import Distribution


@keras.saving.register_keras_serializable(package="tfp_flows")
class FlowModel(GuardedModel):
    """Fits any TFP distribution, ours or stock, by maximum likelihood.

    Batches are events `x [batch, *event_shape]`, as arrays, in a `tf.data.Dataset` or as
    `data.images` gives them, whose `bin_width` the model must have; for conditional flows pairs
    `(x, context)`, or `{"x": x, "context": context}`. Integer contexts are classes. `fit` starts
    with `training.initialize` on its first batch, unless that was done or restored, and puts batch
    normalization into its training state. The loss is the mean negative log-density in nats, plus
    the regularizers of the networks if they have any; the metrics are `nll`, without them, and
    `bits_per_dim`. `predict` gives the log-density of each event. Keras uses XLA on accelerators
    only, unless `compile` is told otherwise: on CPUs it makes the training of convolutions slower.

    The model computes in the dtype of the distribution, whatever the global policy; networks have
    policies of their own. If one of them computes in float16, `compile` scales the loss with a
    `keras.optimizers.LossScaleOptimizer`, unless it is given one or `auto_scale_loss=False`.

    Integers, such as bytes, go into a `distributions.Dequantized` as they are. Of a joint
    distribution with latents that nobody observes, `distributions.Marginal` makes the rest.

    `save_weights`, `tf.train.Checkpoint` and `BackupAndRestore` keep every variable of any
    distribution; `save("m.keras")` also keeps how to build it, if it came from `tfp_flows.flows`.

    In a Keras model of your own a `FlowModel` is a layer like any other, whose variables are
    trained, counted and saved with those of the model: `self.flow = FlowModel(flow)`, then in
    `call` `self.flow({"x": x, "context": h})` for log-densities; `self.flow.distribution` samples.

    Args:
      distribution: anything with `log_prob` and trainable variables.
      bin_width: distance of neighbouring levels of the data where the distribution lives, for
        bits/dim: `1/256` for 8-bit pixels scaled to [0, 1); 1 for continuous data, and for
        distributions over integers such as `distributions.Dequantized`.
      name: as in Keras.

    Raises:
      TypeError: if `distribution` is no TFP distribution over one tensor.
      ValueError: if it has nothing to train, no static event shape or a batch shape, if
        `bin_width` is not positive, or not 1 for integers, or if Keras does not run on TensorFlow.

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
        super().__init__(distribution, name)
        check_bin_width(bin_width, distribution)
        self.bin_width = bin_width
        self._nll = keras.metrics.Mean(name="nll")
        self._bits_per_dim = keras.metrics.Mean(name="bits_per_dim")

    def call(
        self,
        inputs: Any,
        training: bool | None = None,  # noqa: FBT001 - the signature is Keras's
        seed: Any = None,
    ) -> tf.Tensor:
        """Log-density of each event, in nats: `[batch, *event_shape] -> [batch]`.

        Args:
          inputs: events, or `{"x": events, "context": contexts}`.
          training: as in Keras.
          seed: of the samples of a bound, of `distributions.Dequantized` and `Marginal`.

        Raises:
          TypeError: if the events are integers and the distribution is continuous.
          ValueError: if events or contexts have another shape or batch than they should.
        """
        x, context = event_and_context(inputs, self.distribution)
        kwargs = bijector_kwargs(context)
        if isinstance(self.distribution, BoundedDistribution):
            kwargs["seed"] = seed
        # Networks are told by Keras.
        with training_phase(when=bool(training)):
            return self.distribution.log_prob(x, **kwargs)

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
        return self._draw(*sample_arguments(self.distribution, n, seed, context))

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
        """Mean negative log-density in nats, and regularizers; `ValueError` for targets."""
        del x, training
        check_no_targets(y)
        return self._share(mean(-y_pred, event_weights(sample_weight, y_pred)), y_pred)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """`nll` in nats and `bits_per_dim`."""
        del x, y
        weights = event_weights(sample_weight, y_pred)
        bits = bits_per_dim(-y_pred, math.prod(self.distribution.event_shape), self.bin_width)
        self._nll.update_state(-y_pred, weights)
        self._bits_per_dim.update_state(bits, weights)
        return self.get_metrics_result()

    def _prepare(self, data: dict[str, Any]) -> None:
        if needs_initialization(self.distribution):
            inputs, _ = labels_as_context(*first_batch(data), self.distribution)
            initialize(self.distribution, inputs)

    def _unpack(self, data: Any) -> tuple[Any, Any, Any]:
        x, y, sample_weight = super()._unpack(data)
        return *labels_as_context(x, y, self.distribution), sample_weight

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
