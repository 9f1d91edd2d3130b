"""What went wrong, in words and in numbers."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.distributions import Dequantized
from tfp_flows.ops.seeds import stateless_seed
from tfp_flows.testing.diagnose import layer_reports
from tfp_flows.training.batch import bijector_kwargs, event_and_context, real_dtype
from tfp_flows.typing import Distribution

NOT_KEPT = (
    "Its batch could not be kept, so the layer is not known: with XLA `steps_per_execution` must "
    "be 1 for that."
)
KINDS = ("The training data", "The evaluation data", "The loss", "The gradient")


class NonFiniteError(ValueError):
    """NaN or inf in a step, which changed no weight.

    Args:
      what: was not finite: one of `KINDS`.
      batch: number of the batch in its epoch or evaluation, from 0 on.
      epoch: number of the epoch, from 0 on; `None` in an evaluation.
      inputs: events `[n, *event_shape]`, or `{"x": events, "context": contexts}`, of that batch as
        arrays; `None` if they could not be kept.
      finding: a sentence about the layer, or the place in the data, where it began.
      layer: place and name of that layer as `testing.diagnose` gives them; `None` if it is none.
    """

    def __init__(
        self,
        what: str,
        batch: int,
        epoch: int | None,
        *,
        inputs: Any = None,
        finding: str = "",
        layer: str | None = None,
    ) -> None:
        self.what, self.batch, self.epoch = what, batch, epoch
        self.inputs, self.layer = inputs, layer
        where = "the evaluation" if epoch is None else f"epoch {epoch}"
        super().__init__(
            f"{what} must be finite; got NaN or inf in batch {batch} of {where} (counted from 0), "
            f"which changed no weight. {finding}".rstrip()
        )


def find_layer(distribution: Distribution, what: str, inputs: Any) -> tuple[str, str | None]:
    """A sentence about where it began, and the name of the layer.

    Args:
      distribution: as it was in the step.
      what: was not finite.
      inputs: of the step.
    """
    try:
        if what.endswith("data"):
            return _place(inputs), None
        if what == "The gradient":
            return _variables(distribution, inputs), None
        return _layer(distribution, inputs)
    except Exception as error:  # The fault itself must be told, whatever happens here.
        return f"The layer could not be found: {error}", None


def _place(inputs: Any) -> str:
    for name, values in (inputs if isinstance(inputs, dict) else {"x": inputs}).items():
        bad = np.argwhere(~np.isfinite(values.astype(np.float64)))
        if len(bad):
            return f"It begins at index {bad[0].tolist()} of `{name}` in that batch."
    return "Events and contexts are finite: look at the weights of the events."


def _layer(distribution: Distribution, inputs: Any) -> tuple[str, str | None]:
    x, context = _cast(distribution, inputs)
    flow: Any = distribution
    if isinstance(distribution, Dequantized):
        flow = distribution.flow
        shape = tuple(distribution.event_shape)
        x = tf.cast(x, tf.int32)
        draw = distribution.noise.sampler(x, distribution.num_levels, shape, flow.dtype)
        x, log_q = draw(stateless_seed(None))
        if not (np.isfinite(x).all() and np.isfinite(log_q).all()):
            return "It begins in the noise of the `Dequantized`.", "noise"
    if not _has_layers(flow):
        return f"{distribution} has no bijector, and so no layers to look at.", None
    for report in layer_reports(flow, x, context):
        if report.not_finite is not None:
            place = f"at index {list(report.not_finite)} of its result"
            return f"It begins in layer `{report.layer}`, {place}.", report.layer
        if not np.isfinite(report.log_det).all():
            return f"It begins in the log-det of layer `{report.layer}`.", report.layer
    return "All layers are finite in evaluation: look at the base, dropout and penalties.", None


def _has_layers(distribution: Any) -> bool:
    if distribution is None:
        return False
    return hasattr(distribution, "bijector") or _has_layers(
        getattr(distribution, "distribution", None)
    )


def _variables(distribution: Distribution, inputs: Any) -> str:
    x, context = _cast(distribution, inputs)
    with tf.GradientTape() as tape:
        nll = -tf.reduce_mean(distribution.log_prob(x, **bijector_kwargs(context)))
    variables = distribution.trainable_variables
    found = [
        variable.name
        for variable, gradient in zip(variables, tape.gradient(nll, variables), strict=True)
        if gradient is not None and not np.isfinite(tf.convert_to_tensor(gradient)).all()
    ]
    names = ", ".join(f"`{name}`" for name in found[:5]) or "none, in evaluation"
    return f"It is that of {names}{' and others' if len(found) > 5 else ''}."


def _cast(distribution: Distribution, inputs: Any) -> tuple[tf.Tensor, Any]:
    x, context = event_and_context(inputs, distribution)
    if context is not None and context.dtype.kind == "f":
        context = tf.cast(context, real_dtype(distribution))
    return tf.cast(x, distribution.dtype), context
