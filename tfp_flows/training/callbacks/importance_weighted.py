"""Validation with the bound that papers report."""

from contextlib import nullcontext
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.data.batches import Batches
from tfp_flows.distributions.bounds import BoundedDistribution
from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.bits import bits_per_dim
from tfp_flows.training.batch import bijector_kwargs, event_and_context, labels_as_context
from tfp_flows.training.callbacks.checks import check_guarded


class ImportanceWeightedValidation(keras.callbacks.Callback):
    """Adds `val_bits_per_dim_iw` to the logs of an epoch: the importance-weighted bound.

        -E[log(1/n sum_k p_flow(y_k) / q(y_k|x))] / (D log 2)                with y_k ~ q(y|x)

    in bits per dimension, for a `distributions.Dequantized` or, with its joint density for
    `p_flow`, a `Marginal`. It is on average tighter than the `val_bits_per_dim` of a validation;
    both have the same noise in every epoch. Callbacks after it in the list find it, such as
    `EarlyStopping`, `ModelCheckpoint` (both with `mode="min"`) and `CSVLogger`. Burda et al. 2016,
    https://arxiv.org/abs/1509.00519; Ho et al. 2019, https://arxiv.org/abs/1902.00275, section 3.1.

    Args:
      data: what `fit` takes as events: an array `[n, *event_shape]` of integers or a dict of events
        and contexts, or anything that gives batches of them, such as a `tf.data.Dataset`.
      num_samples: of noise for each event; at least 2. They run one after the other.
      batch_size: for arrays.
      every: epochs between two measurements, the first after the first epoch; between them the
        logs repeat the last one.
      seed: of the noise.

    Raises:
      TypeError: if a number is no integer, or the model no `FlowModel` of a bound.
      ValueError: if a number is out of range, if there are no data, or if a bound is NaN.

    Example:
      >>> import keras, numpy as np
      >>> from tfp_flows import distributions, flows, training
      >>> flow = flows.coupling_flow((2,), num_couplings=2, logit_alpha=0.05)
      >>> model = training.FlowModel(distributions.Dequantized(flow, 256))
      >>> model.compile(keras.optimizers.Adam(1e-3))
      >>> x = np.random.randint(256, size=(64, 2))
      >>> measure = training.ImportanceWeightedValidation(x[:32], num_samples=4)
      >>> "val_bits_per_dim_iw" in model.fit(x, callbacks=[measure], verbose=0).history
      True
    """

    def __init__(
        self,
        data: Any,
        *,
        num_samples: int = 16,
        batch_size: int = 64,
        every: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.num_samples = check_int("num_samples", num_samples, 2)
        self.every = check_int("every", every, 1)
        self.seed = check_int("seed", seed, 0)
        size = check_int("batch_size", batch_size, 1)
        is_array = isinstance(data, dict) or hasattr(data, "dtype")
        self._data = tf.data.Dataset.from_tensor_slices(data).batch(size) if is_array else data
        self._last: float | None = None
        self._bound: Any = None

    def set_model(self, model: Any) -> None:
        """As in Keras."""
        check_guarded("ImportanceWeightedValidation", model)
        if not isinstance(model.distribution, BoundedDistribution):
            raise TypeError(
                "The distribution of the model must be a `distributions.Dequantized` or a "
                f"`Marginal`, whose density is a bound; got {model.distribution}. That of a flow "
                "is exact: `val_bits_per_dim`."
            )
        super().set_model(model)
        self._bound = tf.function(self._sum_of_bounds, reduce_retracing=True)

    def on_train_begin(self, logs: Any = None) -> None:
        """Forgets the last training."""
        del logs
        self._last = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measures, and writes it into the logs."""
        if epoch % self.every == 0 or self._last is None:
            self._last = self.measure()
        if logs is not None:
            logs["val_bits_per_dim_iw"] = self._last

    def measure(self) -> float:
        """Bits per dimension of all the data, with the weights as they are.

        Raises:
          ValueError: if there are no data, or if a bound is NaN.
        """
        with self._data.held() if isinstance(self._data, Batches) else nullcontext():
            return self._measured()

    def _measured(self) -> float:
        total, count = 0.0, 0
        for index, batch in enumerate(self._data):
            size, bound = self._bound(batch, tf.constant([self.seed, index], tf.int32))
            if bool(tf.math.is_nan(bound)):
                raise ValueError(
                    f"`val_bits_per_dim_iw` must be a number; got NaN in batch {index}."
                )
            total, count = total + float(bound), count + int(size)
        if not count:
            raise ValueError("`data` must hold at least one event; got none.")
        event_size = self.model.distribution.event_shape.num_elements()
        nll = tf.constant(-total / count, tf.float64)
        return float(bits_per_dim(nll, event_size, self.model.bin_width))

    def _sum_of_bounds(self, batch: Any, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        distribution = self.model.distribution
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        x, context = event_and_context(labels_as_context(x, y, distribution)[0], distribution)
        bounds = distribution.log_prob(
            x,
            num_samples=self.num_samples,
            importance_weighted=True,
            seed=seed,
            **bijector_kwargs(context),
        )
        return tf.size(bounds), tf.reduce_sum(tf.cast(bounds, tf.float64))
