"""A plain stack of couplings."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors import Standardize
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.flows.parts import (
    check_context,
    coupling,
    flow_of,
    network_dtype,
    preprocessing,
)
from tfp_flows.flows.recipe import one_call
from tfp_flows.nets import MLP, ConvResNet
from tfp_flows.ops.arguments import check_int, check_kind, check_shape
from tfp_flows.partitions import Checkerboard, Halves, Partition
from tfp_flows.transforms import Affine, ScalarTransform
from tfp_flows.typing import Distribution, NetFactory, Shape


@one_call
def coupling_flow(
    event_shape: Shape,
    *,
    num_couplings: int = 8,
    partitions: Sequence[Partition] | None = None,
    transform: ScalarTransform = Affine(),
    net: NetFactory | None = None,
    logit_alpha: float | None = None,
    standardize: tuple[Sequence[float], Sequence[float]] | None = None,
    context_shape: Shape | None = None,
    num_classes: int | None = None,
    recompute: Recompute | None = None,
    dtype: str = "float32",
) -> Distribution:
    """A standard normal pushed through couplings, for vectors and for images.

    Args:
      event_shape: shape of one event: `(D,)`, or `(H, W, C)`.
      num_couplings: how many.
      partitions: of the couplings, in the order the data meet them, used in turn. Default: the
        two parities of `Halves` for vectors, of `Checkerboard` for images.
      transform: of all couplings.
      net: factory of the networks. Default: `nets.MLP()` for vectors, `nets.ConvResNet()` for
        images.
      logit_alpha: data in [0, 1] first go through `bijectors.Logit(alpha)`; `None`: as they are.
      standardize: means and standard deviations of the entries, as `data.Table.moments` gives them:
        data first go through `bijectors.Standardize`; `None`: as they are.
      context_shape: shape of one context, for conditional flows.
      num_classes: the context is a class, out of so many: integers, or one-hot vectors.
      recompute: `"inverse"` or `"checkpoint"` keep few activations for training; see
        `bijectors.Chain`. `None` keeps all, which is fastest.
      dtype: `"float32"` or `"float64"`, of events and densities. Networks that are given have
        dtypes of their own; the default ones follow the global policy of Keras, or are float64.

    Returns:
      A `tfd.TransformedDistribution` with the given event shape, whose variables all exist.

    Raises:
      ValueError: if a number or size is less than 1, if there are no partitions, or if one of
        them cannot split the event; if `standardize` is of another shape than the event, or comes
        with `logit_alpha`.
      TypeError: if a shape is no tuple of integers, if `num_couplings` is no integer, if
        `partitions` holds something else, or if `net` makes nothing callable.

    Example:
      >>> from tfp_flows import flows
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> flow.log_prob(flow.sample(3)).shape
      TensorShape([3])
    """
    event_shape = check_shape("event_shape", event_shape)
    context_shape = check_context(context_shape, num_classes)
    check_int("num_couplings", num_couplings, 1)
    check_kind("transform", transform, ScalarTransform)
    is_image = len(event_shape) == 3
    default = Checkerboard() if is_image else Halves()
    partitions = (default, default.flipped()) if partitions is None else partitions
    _check_partitions(partitions)
    if net is None:
        net = (ConvResNet if is_image else MLP)(dtype=network_dtype(dtype))
    links = preprocessing(logit_alpha, dtype, low=0.0)
    if standardize is not None:
        links.append(_standardized(standardize, event_shape, logit_alpha, dtype))
    for i in range(num_couplings):
        partition = partitions[i % len(partitions)]
        links.append(coupling(partition, transform, net, event_shape, context_shape))
    return flow_of(links, event_shape, dtype, recompute=recompute)


def _standardized(
    standardize: tuple[Sequence[float], Sequence[float]],
    event_shape: Shape,
    logit_alpha: float | None,
    dtype: str,
) -> Standardize:
    if logit_alpha is not None:
        raise ValueError(
            f"`standardize` must come without `logit_alpha`; got both, the latter {logit_alpha}."
        )
    has_length = isinstance(standardize, list | tuple) or (
        isinstance(standardize, np.ndarray) and standardize.ndim > 0
    )
    if not has_length or len(standardize) != 2:
        wanted = "a pair, of means and standard deviations"
        raise ValueError(f"`standardize` must be {wanted}; got {standardize!r}.")
    mean, std = standardize
    layer = Standardize(mean, std, dtype=tf.as_dtype(dtype))
    if layer.event_shape != event_shape:
        raise ValueError(
            f"`standardize` must hold numbers for {event_shape}; got {layer.event_shape}."
        )
    return layer


def _check_partitions(partitions: Sequence[Partition]) -> None:
    if not isinstance(partitions, list | tuple):
        raise TypeError(f"`partitions` must be a list or tuple; got {partitions!r}.")
    if not partitions:
        raise ValueError("`partitions` must hold at least one partition; got none.")
    for partition in partitions:
        check_kind("partitions", partition, Partition)
