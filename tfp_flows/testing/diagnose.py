"""A look inside a flow: what each layer does to a batch."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability.python.bijectors import chain as tfp_chain, invert as tfp_invert

from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.typing import Bijector, Distribution


class LayerReport(NamedTuple):
    """What one layer did to a batch, on the way from data to latent.

    Attributes:
      layer: its place and name.
      round_trip: largest error of `forward(inverse(x))`.
      log_det: smallest and largest log-det in the batch.
      largest: largest absolute latent that came out.
      not_finite: index of the first NaN or inf in what came out; `None` if all are finite.
    """

    layer: str
    round_trip: float
    log_det: tuple[float, float]
    largest: float
    not_finite: tuple[int, ...] | None

    def __str__(self) -> str:
        low, high = self.log_det
        text = (
            f"{self.layer:<28} round trip {self.round_trip:9.2e}   "
            f"log-det {low:10.3f} .. {high:10.3f}   largest {self.largest:9.3g}"
        )
        if self.not_finite is None:
            return text
        return f"{text}   first non-finite at {self.not_finite}"


def diagnose(flow: Distribution | Bijector, x: Any, context: Any = None) -> list[LayerReport]:
    """Prints what each layer does to `x`, in the order the data meet them.

    Chains, inverted chains and transformed distributions are opened at every depth. Look for the
    layer where the round-trip error jumps, the log-dets spread, or the first NaN appears.

    Args:
      flow: a transformed distribution or a bijector.
      x: data `[batch, *event_shape]`.
      context: for conditional flows.

    Returns:
      The lines that were printed, as numbers.

    Raises:
      TypeError: if there is no bijector in `flow`.
      ValueError: if a context is missing, or no layer takes one.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, testing
      >>> report = testing.diagnose(flows.coupling_flow((2,), num_couplings=2), tf.ones([3, 2]))
      0 coupling ...
    """
    layers = [layer for bijector in _bijectors(flow) for layer in _layers(bijector)]
    if context is not None and all(context_shape_of(layer) is None for layer in layers):
        raise ValueError("`context` must not be given: no layer takes one.")
    x = tf.convert_to_tensor(x, dtype_hint=flow.dtype)
    ndims = _event_ndims(flow)
    reports = []
    for i, layer in enumerate(layers):
        kwargs = {} if context_shape_of(layer) is None else {"context": context}
        report, x = _visit(f"{i} {layer.name}", layer, x, ndims, kwargs)
        ndims = int(layer.inverse_event_ndims(ndims))
        reports.append(report)
        print(report)  # noqa: T201 - printing is what it is for
    return reports


def _bijectors(flow: Any) -> list[Bijector]:
    """The bijectors of nested distributions, in the order the data meet them."""
    found = []
    # The public classes are no base of those with networks: recognised by their parts.
    while isinstance(flow, Distribution):
        found.extend([flow.bijector] if hasattr(flow, "bijector") else [])
        flow = getattr(flow, "distribution", None)
    if isinstance(flow, Bijector):
        found.append(flow)
    if not found:
        raise TypeError(f"`flow` must be a transformed distribution or a bijector; got {flow!r}.")
    return found


def _layers(bijector: Bijector) -> list[Bijector]:
    if isinstance(bijector, tfp_chain._Chain):  # pyright: ignore[reportPrivateUsage]
        return [layer for link in bijector.bijectors for layer in _layers(link)]
    if isinstance(bijector, tfp_invert._Invert):  # pyright: ignore[reportPrivateUsage]
        inner = _layers(bijector.bijector)
        if inner != [bijector.bijector]:
            return [tfp.bijectors.Invert(layer) for layer in reversed(inner)]
    return [bijector]


def _event_ndims(flow: Any) -> int:
    if isinstance(flow, Distribution):
        return len(flow.event_shape)
    return int(flow.inverse_min_event_ndims)


def _visit(
    name: str, layer: Bijector, x: tf.Tensor, ndims: int, kwargs: dict[str, Any]
) -> tuple[LayerReport, tf.Tensor]:
    z = layer.inverse(x, **kwargs)
    log_det = layer.inverse_log_det_jacobian(x, event_ndims=ndims, **kwargs)
    # A fresh tensor: the cache would answer with `x` itself.
    back = layer.forward(tf.identity(z), **kwargs)
    bad = np.argwhere(~np.isfinite(z))
    report = LayerReport(
        layer=name,
        round_trip=float(np.max(np.abs(back - x))),
        log_det=(float(np.min(log_det)), float(np.max(log_det))),
        largest=float(np.max(np.abs(z))),
        not_finite=tuple(int(i) for i in bad[0]) if len(bad) else None,
    )
    return report, z
