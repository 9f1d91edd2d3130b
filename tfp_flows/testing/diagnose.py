"""A look inside a flow: what each layer does to a batch."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability.python.bijectors import chain as tfp_chain, invert as tfp_invert

from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.bijectors.factor_out import FactorOut
from tfp_flows.typing import Bijector, Distribution


class LayerReport(NamedTuple):
    """What one layer did to a batch, on the way from data to latent.

    Attributes:
      layer: its place and name.
      round_trip: largest error of `forward(inverse(x))`, of this layer alone.
      way_back: largest error at this depth when the whole flow brings the latents back; that of
        the first layer is the round trip of the flow, in units of the data.
      log_det: smallest and largest log-det in the batch.
      largest: largest absolute latent that came out.
      not_finite: index of the first NaN or inf in what came out; `None` if all are finite.
    """

    layer: str
    round_trip: float
    way_back: float
    log_det: tuple[float, float]
    largest: float
    not_finite: tuple[int, ...] | None

    def __str__(self) -> str:
        low, high = self.log_det
        text = (
            f"{self.layer:<28} round trip {self.round_trip:8.1e}   way back {self.way_back:8.1e}"
            f"   log-det {low:10.3f} .. {high:10.3f}   largest {self.largest:8.3g}"
        )
        if self.not_finite is None:
            return text
        return f"{text}   first non-finite at {self.not_finite}"


def diagnose(flow: Distribution | Bijector, x: Any, context: Any = None) -> list[LayerReport]:
    """Prints what each layer does to `x`, in the order the data meet them.

    Chains, inverted chains, the levels of multi-scale flows and transformed distributions are
    opened at every depth. Look for the layer where the round-trip error jumps, the log-dets
    spread, or the first NaN appears.

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
    reports = layer_reports(flow, x, context)
    for report in reports:
        print(report)  # noqa: T201 - printing is what it is for
    return reports


def layer_reports(flow: Distribution | Bijector, x: Any, context: Any = None) -> list[LayerReport]:
    """What `diagnose` prints."""
    layers = [layer for bijector in _bijectors(flow) for layer in _layers(bijector)]
    if context is not None and all(context_shape_of(layer) is None for layer in layers):
        raise ValueError("`context` must not be given: no layer takes one.")
    x = tf.convert_to_tensor(x, dtype_hint=flow.dtype)
    return _walk(layers, x, _event_ndims(flow), context, itertools.count())


def _walk(
    layers: list[Bijector], x: tf.Tensor, ndims: int, context: Any, numbers: Iterator[int]
) -> list[LayerReport]:
    visits = []
    for layer in layers:
        kwargs = {} if context_shape_of(layer) is None else {"context": context}
        if isinstance(layer, FactorOut):
            kept, _ = layer.partition.split(x)  # The other part leaves as it is.
            inside = _walk(_layers(layer.rest), kept, ndims, context, numbers)
            z: Any = layer.inverse(x, **kwargs)
            visits.append((layer, kwargs, x, inside))
        else:
            report, z = _visit(f"{next(numbers)} {layer.name}", layer, x, ndims, kwargs)
            visits.append((layer, kwargs, x, [report]))
        x = z
        ndims = int(layer.inverse_event_ndims(ndims))
    return _come_back(visits, x)


def _come_back(visits: list[tuple], z: tf.Tensor) -> list[LayerReport]:
    """The reports of `visits`, with the errors of the way back from the latents `z`."""
    reports = []
    for layer, kwargs, x, of_layer in reversed(visits):
        # A fresh tensor: the cache would answer with `x` itself.
        z = layer.forward(tf.identity(z), **kwargs)
        if not isinstance(layer, FactorOut):
            of_layer = [of_layer[0]._replace(way_back=_largest(z - x))]  # noqa: PLW2901
        reports[:0] = of_layer
    return reports


def _bijectors(flow: Any) -> list[Bijector]:
    """The bijectors of nested distributions, in the order the data meet them."""
    if isinstance(flow, Distribution) and getattr(flow.dtype, "is_integer", False):
        raise TypeError(f"`flow` must be continuous: the `.flow` of a `Dequantized`; got {flow}.")
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
        round_trip=_largest(back - x),
        way_back=0.0,
        log_det=(float(np.min(log_det)), float(np.max(log_det))),
        largest=_largest(z),
        not_finite=tuple(int(i) for i in bad[0]) if len(bad) else None,
    )
    return report, z


def _largest(value: tf.Tensor) -> float:
    return float(np.max(np.abs(value)))
