"""How well a model fits the parts of its data, with what that is uncertain by."""

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfp_flows.cli.errors import RunError
from tfp_flows.data import Batches
from tfp_flows.ops.bits import bits_per_dim
from tfp_flows.training import FlowModel


class Score(NamedTuple):
    """Means over the events of a part, and their standard errors."""

    num_events: int
    nll: float
    nll_error: float
    bits_per_dim: float
    bits_error: float


def scored(model: FlowModel, batches: Batches, *, at_most: int | None = None) -> Score:
    """Scores each event once.

    Args:
      model: that scores.
      batches: of the events.
      at_most: scores only so many of more, the same random ones each time: files are often
        sorted. Where the number of events is not known all are scored.

    Raises:
      RunError: if a density is NaN.
    """
    is_large = None not in (at_most, batches.num_events) and batches.num_events > at_most
    dataset = _some(batches, at_most) if is_large else batches.dataset
    nll = -model.predict(dataset, verbose=0).astype(np.float64)
    if np.isnan(nll).any():
        raise RunError(f"Densities must be numbers; got NaN for {np.isnan(nll).sum()} events")
    size = math.prod(model.distribution.event_shape)
    error = float(nll.std() / math.sqrt(len(nll)))
    return Score(
        len(nll),
        float(nll.mean()),
        error,
        float(bits_per_dim(nll.mean(), size, model.bin_width)),
        error / size / math.log(2.0),
    )


def _some(batches: Batches, count: int) -> tf.data.Dataset[Any]:
    """Random events, of batches in their own order, in batches as large."""
    is_chosen = np.zeros(batches.num_events, bool)
    is_chosen[np.random.default_rng(0).permutation(len(is_chosen))[:count]] = True
    masks = tf.data.Dataset.from_tensor_slices(is_chosen).batch(batches.batch_size)

    def chosen(batch: Any, mask: tf.Tensor) -> Any:
        return tf.nest.map_structure(lambda part: tf.boolean_mask(part, mask), batch)

    both = tf.data.Dataset.zip((batches.dataset, masks))
    dataset = both.map(chosen, tf.data.AUTOTUNE).rebatch(batches.batch_size)
    # `rebatch` says that there are as many batches as before.
    num_batches = math.ceil(count / batches.batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(num_batches))
