"""Couplings in a row on one partition: the event is split once, and merged once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.coupling import Coupling
from tfp_flows.bijectors.links import Step, Told
from tfp_flows.ops.reduce import sum_log_det
from tfp_flows.partitions import Partition
from tfp_flows.typing import TensorPair


class Alternation(NamedTuple):
    """Passes through couplings that keep and move the same two parts in turn, as one step.

    Between two couplings nothing is concatenated only to be split again, nor are its gradients.

    Args:
      steps: through couplings of one event shape, on either parity of one partition.
    """

    steps: Sequence[Step]

    def run(self, value: tf.Tensor, told: Told) -> TensorPair:
        """What comes out, and the log-det."""
        parity = self.steps[0].link.partition.parity
        kept, moved = self.steps[0].link.split(value)
        log_det = tf.zeros([], value.dtype)
        for link, way, ndims in self.steps:
            if link.partition.parity != parity:
                kept, moved, parity = moved, kept, link.partition.parity
            moved, part = link.move(way, kept, moved, **told.of(link))
            log_det += sum_log_det(part, value, ndims, link.forward_min_event_ndims)
        return self.steps[-1].link.partition.merge(kept, moved), log_det


def joined(steps: Sequence[Step]) -> list[Step | Alternation]:
    """The steps, with an `Alternation` wherever couplings follow one another on one partition."""
    rows: list[list[Step]] = []
    for step in steps:
        if rows and _is_shared(rows[-1][-1].link, step.link):
            rows[-1].append(step)
        else:
            rows.append([step])
    return [row[0] if len(row) == 1 else Alternation(row) for row in rows]


def _is_shared(link: Any, following: Any) -> bool:
    # A subclass may do anything in its passes.
    if type(link) is not Coupling or type(following) is not Coupling:
        return False
    shape = link.event_shape
    return (
        shape is not None
        and shape == following.event_shape
        and link.partition.is_disjoint(shape)
        and _are_alike(link.partition, following.partition)
    )


def _are_alike(one: Partition, other: Partition) -> bool:
    """Whether they are the same up to their parity; what they hold may be arrays."""
    # Not by fields: a partition of a user may be no dataclass.
    holds, other_holds = vars(one), vars(other)
    if type(one) is not type(other) or holds.keys() != other_holds.keys():
        return False
    names = holds.keys() - {"parity"}
    return all(np.array_equal(holds[name], other_holds[name]) for name in names)


def run(steps: Sequence[Step], value: tf.Tensor, told: Told) -> TensorPair:
    """What comes out of the last link, and the sum of the log-dets."""
    log_det = tf.zeros([], value.dtype)
    for step in joined(steps):
        value, part = step.run(value, told)
        log_det += tf.cast(part, log_det.dtype)  # Some of TFP's are float32 always.
    return value, log_det
