"""Backpropagation through a chain whose activations are gone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.coupling import Coupling
from tfp_flows.bijectors.links import Step, Told
from tfp_flows.bijectors.network_state import same_state
from tfp_flows.ops.gradients import after
from tfp_flows.ops.reduce import sum_log_det
from tfp_flows.phases import repeating

# Of the largest entry. Rounding stays below; noise of a network that is not that of the pass, and
# an inverse that is none, do not.
TOLERANCE = 1e-2


class Pass(NamedTuple):
    """What stays of a pass through a link: its input, if that is kept, and seeds of networks."""

    step: Step
    start: Any
    seeds: list


class WayBack:
    """From link to link, gradients with respect to the events and to all that links read.

    Args:
      told: what the chain was told.
      read: tensors and variables.
      phase: that of the passes.
    """

    def __init__(self, told: Told, read: Sequence[Any], phase: str) -> None:
        self._told, self._read, self._phase = told, list(read), phase
        self._sums: list = [None] * len(self._read)
        self._errors: list = []

    def through(
        self, passes: Sequence[Pass], end: Any, d_end: list, d_log_det: tf.Tensor
    ) -> tuple[list, list]:
        """Gradients with respect to the input of the first pass, and to all that was read.

        Raises:
          tf.errors.InvalidArgumentError: if what is rebuilt is not what it was.
        """
        gradients = [*d_end, d_log_det]
        for step, kept, seeds in reversed(passes):
            wanted, start = after(gradients, (end, kept))
            with repeating(self._phase), same_state(seeds), tf.GradientTape() as tape:
                tape.watch([x for x in self._read if isinstance(x, tf.Tensor)])
                start, source, ended, part = self._again(step, start, wanted, tape)
                # The sum that it was a part of may have more axes.
                log_det = tf.cast(part, d_log_det.dtype) + tf.zeros_like(d_log_det)
            if kept is not None:
                d_end = self._if_alike(ended, wanted, d_end)
            sources = tf.nest.flatten(source)
            found = tape.gradient(
                [*tf.nest.flatten(ended), log_det],
                [*sources, *self._read],
                output_gradients=[*d_end, d_log_det],
            )
            d_end, end = found[: len(sources)], start
            gradients = [*d_end, *self._added(found[len(sources) :])]
        return self._checked(d_end), self._sums

    def _again(self, step: Step, start: Any, end: Any, tape: tf.GradientTape) -> tuple:
        """The input, what to differentiate for its gradient, the output and the log-det."""
        link = step.link
        if start is None and isinstance(link, Coupling):
            nudge = tf.zeros_like(end)
            tape.watch(nudge)
            start, ended, part = link.rerun(step.way, end, nudge, **self._told.of(link))
            part = sum_log_det(part, start, step.ndims, link.forward_min_event_ndims)
            return start, nudge, ended, part
        if start is None:
            start = tf.nest.map_structure(tf.stop_gradient, step.undo(end, self._told))
        tape.watch(start)
        return start, start, *step.run(start, self._told)

    def _added(self, gradients: list) -> list[tf.Tensor]:
        """Those that there are, after they were added to the sums."""
        # Of a gather they come in slices.
        dense = [x if x is None else tf.convert_to_tensor(x) for x in gradients]
        for i, x in enumerate(dense):
            if x is not None:
                self._sums[i] = x if self._sums[i] is None else self._sums[i] + x
        return [x for x in dense if x is not None]

    def _if_alike(self, ended: Any, end: Any, d_end: list) -> list:
        """The gradients; NaN if a link that was run again does not end where it did."""
        pairs = zip(tf.nest.flatten(ended), tf.nest.flatten(end), strict=True)
        error = tf.reduce_max([_error(got, wanted) for got, wanted in pairs])
        self._errors.append(error)
        return [tf.where(error > 0, tf.constant(np.nan, d.dtype), d) for d in d_end]

    def _checked(self, d_value: list) -> list:
        """An error where one can be raised; XLA leaves it out, and then NaN says it."""
        worst = tf.reduce_max(self._errors)
        message = (
            "`recompute` must be able to do again what the links did; got another output, by "
            f"more than {TOLERANCE} of the largest entry. Networks must draw their noise with "
            "seeds of Keras 3, and be told by `phases.training()` that they train; where the "
            'inverse is not accurate enough, use `recompute="checkpoint"`. Largest difference:'
        )
        check = tf.debugging.Assert(worst <= 0, [message, worst])
        with tf.control_dependencies([] if check is None else [check]):
            return [tf.identity(d) for d in d_value]


def _error(got: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """The largest difference, of the largest entry; 0 for rounding, and where there are NaNs."""
    error = tf.reduce_max(tf.abs(got - wanted)) / tf.reduce_max(tf.abs(wanted))
    return tf.cast(tf.where(error > TOLERANCE, error, tf.zeros_like(error)), tf.float32)
