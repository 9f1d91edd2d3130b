"""A plain stack of couplings."""

from collections.abc import Sequence

import tensorflow_probability as tfp

from tfp_flows.bijectors import Chain, Coupling
from tfp_flows.distributions import standard_normal
from tfp_flows.flows.recipe import one_call
from tfp_flows.nets import MLP, ConvResNet
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
    context_shape: Shape | None = None,
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
      context_shape: shape of one context, for conditional flows.

    Returns:
      A `tfd.TransformedDistribution` with the given event shape, whose variables all exist.

    Raises:
      ValueError: if `num_couplings` is less than 1, or a partition cannot split the event.
      TypeError: if `net` makes nothing callable.

    Example:
      >>> from tfp_flows import flows
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> flow.log_prob(flow.sample(3)).shape
      TensorShape([3])
    """
    event_shape = tuple(event_shape)
    if num_couplings < 1:
        raise ValueError(f"`num_couplings` must be at least 1; got {num_couplings}.")
    is_image = len(event_shape) == 3
    default = Checkerboard() if is_image else Halves()
    partitions = partitions or (default, default.flipped())
    net = net or (ConvResNet() if is_image else MLP())
    couplings = []
    for i in range(num_couplings):
        partition = partitions[i % len(partitions)]
        shapes = partition.part_shapes(event_shape)
        couplings.append(
            Coupling(
                partition,
                transform,
                net(*shapes, transform.num_params, context_shape),
                event_shape=event_shape,
                context_shape=context_shape,
            )
        )
    return tfp.distributions.TransformedDistribution(standard_normal(event_shape), Chain(couplings))
