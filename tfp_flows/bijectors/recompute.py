"""Chains that keep few activations for backpropagation."""

from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf
from tensorflow.python.eager import record

from tfp_flows.bijectors.coupling import Coupling
from tfp_flows.bijectors.links import Step, Told
from tfp_flows.bijectors.network_state import seeds_of
from tfp_flows.bijectors.way_back import Pass, WayBack
from tfp_flows.ops.gradients import once_differentiable
from tfp_flows.phases import current
from tfp_flows.typing import TensorPair

Recompute = Literal["inverse", "checkpoint"]
# In a row: the errors of inverses add up.
_MOST_REBUILT = 15
_MESSAGE = "Second derivatives through a chain need `recompute=None`."


def run_recomputed(
    steps: Sequence[Step], value: tf.Tensor, told: Told, recompute: Recompute
) -> TensorPair:
    """As `alternation.run`, with gradients from one link at a time, which is run again for them."""
    flat = tf.nest.flatten(told)
    is_given = [_is_real(x) for x in flat]
    held = _held(steps)
    phase = current()

    @tf.custom_gradient
    def run(value: tf.Tensor, given: list[tf.Tensor], *_: tf.Tensor) -> Any:
        left = iter(given)
        now = [next(left) if given else x for x, given in zip(flat, is_given, strict=True)]
        told_now = tf.nest.pack_sequence_as(told, now)
        with record.stop_recording():
            end, log_det, passes = _run(steps, value, told_now, recompute)

        def gradients(
            d_end: tf.Tensor, d_log_det: tf.Tensor, variables: Sequence[tf.Variable] = ()
        ) -> Any:
            way_back = WayBack(told_now, [*given, *held, *variables], phase)
            d_value, d_read = way_back.through(passes, end, [d_end], d_log_det)
            size = len(given) + len(held)
            inputs = once_differentiable([*d_value, *d_read[:size]], _MESSAGE)
            return (inputs, once_differentiable(d_read[size:], _MESSAGE)) if variables else inputs

        return (end, log_det), gradients

    # Links read what they hold by themselves; it is an argument for the sake of its gradient.
    given = [x for x, is_real in zip(flat, is_given, strict=True) if is_real]
    return run(value, given, *(tf.identity(tensor) for tensor in held))


def _run(
    steps: Sequence[Step], value: tf.Tensor, told: Told, recompute: Recompute
) -> tuple[tf.Tensor, tf.Tensor, list[Pass]]:
    passes, num_rebuilt = [], _MOST_REBUILT
    log_det = tf.zeros([], value.dtype)
    for step in steps:
        is_kept = num_rebuilt == _MOST_REBUILT or recompute == "checkpoint" or not _is_rebuilt(step)
        num_rebuilt = 0 if is_kept else num_rebuilt + 1
        passes.append(Pass(step, value if is_kept else None, seeds_of(step.link)))
        value, part = step.run(value, told)
        log_det += tf.cast(part, log_det.dtype)
    return value, log_det, passes


def _is_rebuilt(step: Step) -> bool:
    """Whether the input is cheap to have back: linear maps, and couplings in closed form."""
    if isinstance(step.link, Coupling):
        return step.link.transform.iterates != step.way_back
    return bool(step.link.is_constant_jacobian)


def _held(steps: Sequence[Step]) -> list[tf.Tensor]:
    """Tensors that links hold: parameters of stock ones may come out of a network."""
    tensors = {id(x): x for step in steps for x in step.link._flatten(predicate=_is_real)}
    return list(tensors.values())


def _is_real(x: Any) -> bool:
    return isinstance(x, tf.Tensor) and x.dtype.is_floating
