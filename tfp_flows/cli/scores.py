"""How well a model fits the parts of its data, with what that is uncertain by."""

import math
from typing import NamedTuple

import numpy as np

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
      at_most: leaves the batches out that come after so many events.

    Raises:
      RunError: if a density is NaN.
    """
    dataset = batches.dataset
    if at_most is not None:
        dataset = dataset.take(math.ceil(at_most / batches.batch_size))
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
