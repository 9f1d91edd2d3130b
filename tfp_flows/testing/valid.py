"""All checks that a single bijector can be put to."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tfp_flows.testing import behaviour, values
from tfp_flows.testing.subject import Subject, random_data, scrambled
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

    Inverse both ways on fresh tensors; log-det against the Jacobian by autodiff, in float64 where
    the bijector takes it; sign; batches of rank 0 to 3; float32 and float64; a `tf.function` of
    unknown batch size; XLA; every variable that is read is tracked and gets a gradient; no stale
    log-det after variables change; finite gradients; finite results far out. The variables are
    moved before and put back afterwards.

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

    Example:
      >>> import tensorflow_probability as tfp
      >>> from tfp_flows import testing
      >>> positive = [[1.0, 2.0]] * 6
      >>> findings = testing.assert_valid_bijector(tfp.bijectors.Softplus(), (2,), x=positive)
      >>> all(finding.ok for finding in findings)
      True
    """
    dtype = bijector.dtype if isinstance(bijector.dtype, tf.DType) else tf.float64
    data = random_data(event_shape, dtype, seed) if x is None else tf.cast(x, dtype)
    subject = Subject(bijector, data, len(event_shape), seed)
    checks = _checks(tolerance, whole_space=x is None)
    with scrambled(bijector, scramble, seed):
        findings = [_run(check, limit, subject) for check, limit in checks]
    if not all(finding.ok for finding in findings):
        lines = "\n".join(str(finding) for finding in findings)
        raise AssertionError(f"{bijector} of events {tuple(event_shape)} is not valid:\n{lines}")
    return findings


def _checks(tolerance: float, *, whole_space: bool) -> list[tuple[Callable, float]]:
    return [
        (values.round_trip_of_data, tolerance),
        (values.round_trip_of_latents, tolerance),
        (values.log_det_against_autodiff, tolerance),
        (values.forward_log_det_against_inverse, tolerance),
        (values.gradients_are_finite, 0),
        *([(values.extreme_data_stay_finite, 0)] if whole_space else []),
        (behaviour.batch_shapes, 0),
        (behaviour.dtypes, 0),
        (behaviour.unknown_batch, tolerance),
        (behaviour.xla, tolerance),
        (behaviour.untracked_variables, 0),
        (behaviour.untrained_variables, 0),
        (behaviour.stale_log_dets, tolerance),
    ]


def _run(check: Callable[[Subject], float], limit: float, subject: Subject) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return Finding(name, check(subject), limit)
    except Exception as error:  # whatever a user's bijector raises is a finding
        return Finding(name, float("inf"), limit, f"{type(error).__name__}: {error}")
