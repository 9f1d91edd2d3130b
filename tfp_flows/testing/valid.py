"""All checks that a single bijector can be put to."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tfp_flows.testing.behaviour import (
    batch_shapes,
    dtypes,
    stale_log_dets,
    unknown_batch,
    untracked_variables,
    untrained_variables,
    xla,
)
from tfp_flows.testing.subject import Subject, accepted_dtypes, random_data, scrambled
from tfp_flows.testing.values import (
    extreme_data_stay_finite,
    forward_log_det_against_inverse,
    gradients_are_finite,
    log_det_against_autodiff,
    round_trip_of_data,
    round_trip_of_latents,
)
from tfp_flows.typing import Bijector, Shape


class Finding(NamedTuple):
    """What one check measured.

    Attributes:
      check: its name.
      figure: what it measured: an error, or a count of what is wrong.
      limit: the largest figure that passes.
      problem: the exception it ended in, if any.
    """

    check: str
    figure: float
    limit: float
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem and self.figure <= self.limit

    def __str__(self) -> str:
        found = self.problem or f"{self.figure:.3g} (at most {self.limit:.3g})"
        return f"{'ok    ' if self.ok else 'FAILED'} {self.check}: {found}"


def assert_valid_bijector(
    bijector: Bijector,
    event_shape: Shape,
    *,
    x: Any = None,
    tolerance: float = 1e-4,
    scramble: float = 0.3,
    seed: int = 0,
) -> list[Finding]:
    """Puts a bijector, ours or your own, to every check that needs nothing else.

    Inverse both ways on fresh tensors; log-det against the Jacobian by autodiff; sign; batches of
    rank 0 to 3; float32 and float64 kept as they are; a `tf.function` of unknown batch size; XLA;
    every variable that is read is tracked and gets a gradient; no stale log-det after variables
    change; finite gradients; finite results far out. All in float64 if the bijector takes it. The
    variables are moved before and put back afterwards.

    Args:
      bijector: what to check; conditional ones are given random contexts.
      event_shape: shape of one event of data.
      x: data `[6 or more, *event_shape]` inside the domain. Default: standard normal; results for
        data 1e4 times as large are then checked as well.
      tolerance: largest relative error of values and log-dets.
      scramble: size of the random step that the variables are moved by.
      seed: of everything random.

    Returns:
      All findings, which all passed.

    Raises:
      AssertionError: if a check failed; the message lists all findings with their figures.
      ValueError: if `x` has another shape.
      TypeError: if the bijector is one of integers.

    Example:
      >>> import tensorflow_probability as tfp
      >>> from tfp_flows import testing
      >>> positive = [[1.0, 2.0]] * 6
      >>> findings = testing.assert_valid_bijector(tfp.bijectors.Softplus(), (2,), x=positive)
      >>> all(finding.ok for finding in findings)
      True
    """
    event_shape = tuple(event_shape)
    data = random_data(event_shape, tf.float64, seed) if x is None else _checked(x, event_shape)
    with scrambled(bijector, scramble, seed):
        dtype, *_ = accepted_dtypes(bijector, data, len(event_shape)) or [tf.float64]
        if not dtype.is_floating:
            raise TypeError(f"`bijector` must take floating numbers; its dtype is {dtype.name}.")
        subject = Subject(bijector, tf.cast(data, dtype), len(event_shape), seed)
        checks = _checks(tolerance, whole_space=x is None)
        findings = [_run(check, limit, subject) for check, limit in checks]
    if not all(finding.ok for finding in findings):
        lines = "\n".join(str(finding) for finding in findings)
        raise AssertionError(f"{bijector} of events {event_shape} is not valid:\n{lines}")
    return findings


def _checked(x: Any, event_shape: Shape) -> tf.Tensor:
    x = tf.cast(x, tf.float64)
    if x.shape.rank != len(event_shape) + 1 or x.shape[0] < 6 or x.shape[1:] != event_shape:
        raise ValueError(f"`x` must have shape [6 or more, *{event_shape}]; got {tuple(x.shape)}.")
    return x


def _checks(tolerance: float, *, whole_space: bool) -> list[tuple[Callable, float]]:
    return [
        (round_trip_of_data, tolerance),
        (round_trip_of_latents, tolerance),
        (log_det_against_autodiff, tolerance),
        (forward_log_det_against_inverse, tolerance),
        (gradients_are_finite, 0),
        *([(extreme_data_stay_finite, 0)] if whole_space else []),
        (batch_shapes, 0),
        (dtypes, 0),
        (unknown_batch, tolerance),
        (xla, tolerance),
        (untracked_variables, 0),
        (untrained_variables, 0),
        (stale_log_dets, tolerance),
    ]


def _run(check: Callable[[Subject], float], limit: float, subject: Subject) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return Finding(name, check(subject), limit)
    except Exception as error:  # whatever a user's bijector raises is a finding
        return Finding(name, float("inf"), limit, f"{type(error).__name__}: {error}")
