"""Batch normalization as a layer of a flow (RealNVP, section 3.7; MAF, appendix B)."""

import math

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.ops.arguments import check_kind, check_real, check_shape
from tfp_flows.ops.moments import global_moments
from tfp_flows.partitions import Partition
from tfp_flows.phases import is_initializing, is_repeated, is_training
from tfp_flows.typing import Shape, TensorPair


class BatchNormalization(EventBijector):
    """Inverse `z = (x - mean) / sqrt(variance + epsilon)`, with statistics a channel.

    The log-det is `-sum(log(variance + epsilon)) / 2` over the normalized entries, in which the
    statistics count as constants, as in the papers.

    - Inside `phases.training()`, which `FlowModel` enters in `fit`, statistics are those of the
      batch, over all replicas; gradients flow through them, and the running ones follow. The
      forward direction is then an error: a batch of latents does not say what the statistics of
      its data were.
    - Outside, in `evaluate` and everywhere else, both directions use the running statistics.

    Dinh et al. 2017, https://arxiv.org/abs/1605.08803; Papamakarios et al. 2017,
    https://arxiv.org/abs/1705.07057.

    Args:
      event_shape: shape of one event; statistics are taken over the batch and all its axes but the
        last. `(C,)` serves images too, as `H*W` events each.
      partition: normalizes only the entries that move, as RealNVP does after each coupling. In
        place, the zeros where the others stand count in the statistics: so does the released code.
      affine: MAF's form, with a learned `z * exp(log_gamma) + beta` after it.
      momentum: of the running statistics.
      epsilon: added to the variance.
      dtype: of the variables.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if a number is out of its range, or the partition cannot split the event.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors
      >>> bijectors.BatchNormalization((3,)).inverse(tf.ones([5, 3])).shape
      TensorShape([5, 3])
    """

    def __init__(
        self,
        event_shape: Shape,
        *,
        partition: Partition | None = None,
        affine: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-4,
        dtype: tf.DType = tf.float32,
        validate_args: bool = False,
        name: str = "batch_normalization",
    ) -> None:
        parameters = dict(locals())
        event_shape = check_shape("event_shape", event_shape)
        if not event_shape:
            raise ValueError("`event_shape` must have rank 1 or more; got (). Use (1,) instead.")
        if not 0 <= check_real("momentum", momentum) < 1:
            raise ValueError(f"`momentum` must be at least 0 and less than 1; got {momentum}.")
        if not 0 < check_real("epsilon", epsilon) < math.inf:
            raise ValueError(f"`epsilon` must be positive; got {epsilon}.")
        if partition is not None:
            check_kind("partition", partition, Partition)
        self._event_shape = self._no_dependency(event_shape)
        self._partition = partition
        self._momentum, self._epsilon = momentum, epsilon
        super().__init__(
            forward_min_event_ndims=len(event_shape),
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        moved_shape = partition.part_shapes(event_shape)[1] if partition else event_shape
        self._moved_shape = self._no_dependency(moved_shape)
        self._make_variables(moved_shape[-1:], tf.as_dtype(dtype), affine=affine)

    def _make_variables(self, shape: Shape, dtype: tf.DType, *, affine: bool) -> None:
        # Replicas agree on what they assign; a strategy wants to be told how to aggregate it.
        kwargs = {"trainable": False, "aggregation": tf.VariableAggregation.MEAN}
        zeros, ones = tf.zeros(shape, dtype), tf.ones(shape, dtype)
        self._running_mean = tf.Variable(zeros, name="running_mean", **kwargs)
        self._running_variance = tf.Variable(ones, name="running_variance", **kwargs)
        self._beta = tf.Variable(zeros, name="beta") if affine else None
        self._log_gamma = tf.Variable(zeros, name="log_gamma") if affine else None

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        kept, moved = self._split(x)
        mean, log_scale = self._mean_and_log_scale(*self._statistics(moved))
        beta, log_gamma = self._affine(x.dtype)
        z = (moved - mean) * tf.exp(log_gamma - log_scale) + beta
        return self._merge(kept, z), self._log_det(log_gamma - log_scale)

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        if is_training():
            raise ValueError(
                f"`{self.name}` must not be run from latent to data in training: a batch of "
                "latents does not determine the statistics of its data. Sample outside of "
                "`phases.training()`, or turn the layer round with `tfb.Invert`."
            )
        kept, moved = self._split(z)
        mean, log_scale = self._mean_and_log_scale(*self._running(z.dtype))
        beta, log_gamma = self._affine(z.dtype)
        x = (moved - beta) * tf.exp(log_scale - log_gamma) + mean
        return self._merge(kept, x), self._log_det(log_scale - log_gamma)

    def _statistics(self, moved: tf.Tensor) -> TensorPair:
        if not (is_training() or is_initializing()):
            return self._running(moved.dtype)
        mean, variance = global_moments(moved, list(range(moved.shape.rank - 1)))
        if is_training() and not is_repeated():
            _follow(self._running_mean, mean, self._momentum)
            _follow(self._running_variance, variance, self._momentum)
        return mean, variance

    def _running(self, dtype: tf.DType) -> TensorPair:
        return tf.cast(self._running_mean, dtype), tf.cast(self._running_variance, dtype)

    def _mean_and_log_scale(self, mean: tf.Tensor, variance: tf.Tensor) -> TensorPair:
        return mean, 0.5 * tf.math.log(variance + self._epsilon)

    def _affine(self, dtype: tf.DType) -> TensorPair:
        if self._beta is None:
            return tf.zeros([], dtype), tf.zeros([], dtype)
        return tf.cast(self._beta, dtype), tf.cast(self._log_gamma, dtype)

    def _log_det(self, log_scale: tf.Tensor) -> tf.Tensor:
        if self._partition is not None:
            return self._partition.sum(tf.broadcast_to(log_scale, self._moved_shape))
        return math.prod(self._event_shape[:-1]) * tf.reduce_sum(log_scale)

    def _split(self, event: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        ndims = len(self._event_shape)
        if not event.shape[-ndims:].is_compatible_with(self._event_shape):
            raise ValueError(
                f"`{self.name}` must be given events of shape {self._event_shape}; got "
                f"{tuple(event.shape)}."
            )
        return (None, event) if self._partition is None else self._partition.split(event)

    def _merge(self, kept: tf.Tensor | None, moved: tf.Tensor) -> tf.Tensor:
        return moved if self._partition is None else self._partition.merge(kept, moved)


def _follow(running: tf.Variable, batch: tf.Tensor, momentum: float) -> None:
    batch = tf.cast(tf.stop_gradient(batch), running.dtype)
    running.assign(momentum * running + (1 - momentum) * batch)
