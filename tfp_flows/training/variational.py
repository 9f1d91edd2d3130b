"""Reverse KL: a flow fitted to a density that is known up to a constant."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.seeds import stateless_seed
from tfp_flows.phases import training as training_phase
from tfp_flows.training.guarded import GuardedModel
from tfp_flows.training.variational_checks import check_no_data, check_num_samples, check_target
from tfp_flows.typing import Distribution


class VariationalModel(GuardedModel):
    """Fits a distribution to an unnormalized target by its own samples, without data.

        loss = KL[q || p] - log Z = E[log q(x) - log target(x)]                    with x ~ q

    in nats, as `tfp.vi.monte_carlo_variational_loss` estimates it, with gradients through the
    samples. Metrics are `elbo`, the loss with the other sign, at most `log Z`; and `ess`, the
    effective sample size of importance weights `target / q` over the number of samples, 1 where
    the fit is perfect. A flow can miss a whole mode of the target, and neither of them will say so.

    `compile`, callbacks, `save_weights` and strategies are as with `FlowModel`. There are no data:
    `fit(epochs=10, steps_per_epoch=100)`, `evaluate(steps=100)`.

    Rezende and Mohamed 2015, https://arxiv.org/abs/1505.05770.

    Args:
      distribution: a flow, or any TFP distribution with trainable variables.
      target_log_prob: of samples `[n, *event_shape]`, the log-density `[n]` up to a constant, such
        as the `unnormalized_log_prob` of a pinned joint distribution.
      num_samples: in a step, of all replicas.
      name: as in Keras.

    Raises:
      TypeError: if `distribution` is no TFP distribution over one tensor, or `target_log_prob` not
        callable.
      ValueError: if there is nothing to train, if a shape is not static or not that of one number
        for each sample, or if a number is out of range: there must be a sample for each replica.

    Example:
      >>> import keras, tensorflow as tf
      >>> from tfp_flows import flows, training
      >>> model = training.VariationalModel(
      ...     flows.coupling_flow((2,), num_couplings=2), lambda x: -tf.reduce_sum(x**4, axis=-1))
      >>> model.compile(keras.optimizers.Adam(1e-3))
      >>> sorted(model.fit(epochs=1, steps_per_epoch=5, verbose=0).history)
      ['elbo', 'ess', 'loss']
    """

    def __init__(
        self,
        distribution: Distribution,
        target_log_prob: Callable[[tf.Tensor], tf.Tensor],
        *,
        num_samples: int = 128,
        name: str | None = None,
    ) -> None:
        super().__init__(distribution, name)
        self.target_log_prob = target_log_prob
        self.num_samples = check_num_samples(num_samples)
        check_target(target_log_prob, self.num_samples, distribution)
        self._elbo, self._ess = (keras.metrics.Mean(name=name) for name in ("elbo", "ess"))

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """As in Keras, without data; an epoch has 100 steps unless `steps_per_epoch` is given."""
        check_no_data("fit", args, kwargs)
        return super().fit(self._places(), **{"steps_per_epoch": 100, **kwargs})

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As in Keras, without data; of 100 steps unless `steps` is given."""
        check_no_data("evaluate", args, kwargs)
        return super().evaluate(self._places(), **{"steps": 100, **kwargs})

    def call(
        self,
        inputs: Any,
        training: bool | None = None,  # noqa: FBT001 - the signature is Keras's
        seed: Any = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Log-weights `log target(x) - log q(x)` `[n]` of new samples, and the loss."""
        log_weights: list[tf.Tensor] = []

        def reverse(logu: tf.Tensor) -> tf.Tensor:
            log_weights.append(logu)
            return tfp.vi.kl_reverse(logu)

        with training_phase(when=bool(training)):
            loss = tfp.vi.monte_carlo_variational_loss(
                self.target_log_prob,
                self.distribution,
                sample_size=tf.shape(inputs)[0],
                discrepancy_fn=reverse,
                seed=stateless_seed(seed),
            )
        return tf.reshape(log_weights[0], [-1]), loss

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,  # noqa: FBT001, FBT002 - the signature is Keras's
    ) -> tf.Tensor:
        """Mean of `log q - log target` in nats, and regularizers."""
        del x, y, sample_weight, training
        return self._share(y_pred[1], y_pred)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """`elbo` in nats and `ess` in (0, 1]."""
        del x, y, sample_weight
        log_weights = y_pred[0]
        size = tf.cast(tf.size(log_weights), log_weights.dtype)
        log_ess = tfp.experimental.mcmc.log_ess_from_log_weights(log_weights)
        self._elbo.update_state(log_weights)
        self._ess.update_state(tf.exp(log_ess) / size, sample_weight=size)
        return self.get_metrics_result()

    def log_evidence(self, num_samples: int, seed: Any = None) -> tf.Tensor:
        """`log(1/n sum_k target(x_k) / q(x_k))` in nats: an estimate of `log Z`.

        On average it is too low, the less so the more samples there are and the larger `ess` is.

        Args:
          num_samples: that `n`; `VariationalModel.num_samples` of them at a time.
          seed: an integer or a pair, for the same samples again.

        Raises:
          TypeError: if a number is no integer.
          ValueError: if there are no samples, or if a weight is NaN.
        """
        left, parts = check_int("num_samples", num_samples, 1), []
        seed = stateless_seed(seed)
        while left > 0:
            size = min(left, self.num_samples)
            here, seed = tf.unstack(tf.random.split(seed, 2))
            parts.append(self._log_weights(tf.constant(size), here))
            left -= size
        log_weights = tf.concat(parts, axis=0)
        if np.isnan(log_weights).any():
            raise ValueError("Importance weights must be numbers; got NaN.")
        size = tf.cast(num_samples, log_weights.dtype)
        return tf.reduce_logsumexp(log_weights) - tf.math.log(size)

    @tf.function(reduce_retracing=True)
    def _log_weights(self, size: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        x, log_q = self.distribution.experimental_sample_and_log_prob(size, seed=seed)
        return self.target_log_prob(x) - log_q

    def _places(self) -> tf.data.Dataset:
        """Empty rows, which replicas share out: one for each sample."""
        return tf.data.Dataset.from_tensors(tf.zeros([self.num_samples, 0])).repeat()

    def _find(self, what: str, inputs: Any) -> tuple[str, str | None]:
        del what
        x = self.distribution.sample(len(inputs))
        if not np.isfinite(x).all():
            return "New samples of the distribution hold NaN or inf.", None
        bad = np.flatnonzero(~np.isfinite(self.target_log_prob(x)))
        if len(bad):
            place = np.asarray(x)[bad[0]].tolist()
            return f"`target_log_prob` is not finite for a new sample {place}.", None
        return "It was finite for new samples.", None

    def get_config(self) -> dict[str, Any]:
        """Raises a `ValueError`: no file can hold the target."""
        raise ValueError(
            "A `VariationalModel` cannot be written to a config, as no file holds its target. What "
            "works: `save_weights`, `tf.train.Checkpoint`, and `tfp_flows.export.save` of its "
            "distribution."
        )
