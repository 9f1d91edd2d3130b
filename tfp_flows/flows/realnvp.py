"""RealNVP: density estimation using real-valued non-volume preserving transformations."""

import functools
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.bijectors import BatchNormalization, Chain, Squeeze, multi_scale
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.flows.parts import (
    check_context,
    check_image,
    check_levels,
    coupling,
    flow_of,
    gaussian_prior,
    network_dtype,
    preprocessing,
)
from tfp_flows.flows.recipe import one_call
from tfp_flows.nets import RealNVPNet
from tfp_flows.ops.arguments import check_int
from tfp_flows.partitions import Checkerboard, Halves, Partition
from tfp_flows.transforms import Affine, ExpScale, ScalarTransform
from tfp_flows.typing import Bijector, Distribution, NetFactory, Shape


@one_call
def realnvp(
    event_shape: Shape,
    *,
    num_levels: int | None = None,
    filters: int = 32,
    num_blocks: int | None = None,
    transform: ScalarTransform | None = None,
    net: NetFactory | None = None,
    batch_norm: bool = True,
    learned_prior: bool = False,
    logit_alpha: float | None = 0.05,
    context_shape: Shape | None = None,
    num_classes: int | None = None,
    recompute: Recompute | None = None,
    dtype: str = "float32",
) -> Distribution:
    """Multi-scale couplings with checkerboard and channel-wise masks, for images in [0, 1].

    Each level but the last: three checkerboard couplings; squeeze; three channel-wise couplings
    with twice the filters; then half of the pixels, one colour of the checkerboard, leave. The
    last level: four checkerboard couplings. Batch normalization after each coupling. Filters
    double from level to level. As the released code has it, which differs from the paper in the
    preprocessing (see `bijectors.Logit`) and in where the shift stands (see `transforms.Affine`).

    Dinh et al. 2017, https://arxiv.org/abs/1605.08803.

    Args:
      event_shape: `(H, W, C)`, with `H` and `W` divisible by `2**(num_levels - 1)`.
      num_levels: how many. Default: as many as halve the image down to 4 x 4 pixels, or to an
        odd size.
      filters: of the hidden layers in the checkerboard couplings of the first level.
      num_blocks: residual blocks of the networks. Default: 4, and from 64 x 64 pixels on 2.
      transform: of all couplings. Default: affine, with the log-scale `rescale * tanh(raw)` and a
        learned `rescale` that the networks hold; for a `net` of yours `transforms.Affine()`.
      net: factory of networks for all couplings, instead of `nets.RealNVPNet`.
      batch_norm: whether couplings are followed by batch normalization.
      learned_prior: whether what leaves has a learned mean and scale, given what stays, as in Glow.
      logit_alpha: data go through `bijectors.Logit(alpha)` first; `None`: [0, 1] to [-0.5, 0.5].
      context_shape: shape of one context, a vector or an image, for conditional flows.
      num_classes: the context is a class, out of so many: integers, or one-hot vectors.
      recompute: `"inverse"` or `"checkpoint"` keep few activations for training; see
        `bijectors.Chain`. `None` keeps all, which is fastest.
      dtype: `"float32"` or `"float64"`, of events and densities.

    Returns:
      A `tfd.TransformedDistribution` with the given event shape and latents `[H*W*C]`.

    Raises:
      ValueError: if a number or size is not one of those above; for images that cannot be
        halved often enough the message says at which level, and which sizes would do.
      TypeError: if an argument is of another kind.

    Example:
      >>> from tfp_flows import flows
      >>> flow = flows.realnvp((8, 8, 1), num_levels=2, filters=8, num_blocks=1)
      >>> flow.sample(3).shape
      TensorShape([3, 8, 8, 1])
    """
    event_shape = check_image(event_shape)
    front = preprocessing(logit_alpha, dtype)
    context_shape = check_context(context_shape, num_classes)
    num_levels = _default_levels(event_shape) if num_levels is None else num_levels
    check_levels(num_levels, num_levels - 1, event_shape)
    check_int("filters", filters, 1)
    if num_blocks is None:
        num_blocks = 2 if min(event_shape[:2]) >= 64 else 4
    transform = transform or (Affine(ExpScale()) if net is None else Affine())
    make_net = _nets(net, num_blocks, dtype)
    step = functools.partial(
        _step, transform=transform, context_shape=context_shape, batch_norm=batch_norm, dtype=dtype
    )
    levels, shape = [], event_shape
    for level in range(num_levels):
        is_last = level == num_levels - 1
        links = _level(shape, filters * 2**level, make_net, step, is_last=is_last)
        if learned_prior and not is_last:
            links.append(gaussian_prior((shape[0] // 2, shape[1] // 2, shape[2] * 4), dtype))
        levels.append(Chain(links, recompute=recompute))
        shape = (shape[0] // 2, shape[1] // 2, shape[2] * 2)
    flow = multi_scale(levels, event_shape)
    return flow_of([*front, flow], event_shape, dtype)


def _level(
    shape: Shape, filters: int, make_net: Callable, step: Callable, *, is_last: bool
) -> list[Bijector]:
    links = list(_checkerboards(4 if is_last else 3, shape, filters, make_net, step))
    if not is_last:
        squeezed = (shape[0] // 2, shape[1] // 2, shape[2] * 4)
        links.append(Squeeze(order="channel"))
        links.extend(_channels(3, squeezed, 2 * filters, make_net, step))
        links.append(_diagonal_first(shape[2]))
    return links


def _diagonal_first(channels: int) -> Bijector:
    """From the channel-major to the diagonal order: one colour of the checkerboard will leave."""
    pixels = np.array([0, 3, 1, 2])[:, np.newaxis]  # Top left, bottom right; then the others.
    source = (np.arange(channels) * 4 + pixels).ravel()
    return tfp.bijectors.Permute(np.argsort(source).astype(np.int32))


def _checkerboards(
    number: int, shape: Shape, filters: int, make_net: Callable, step: Callable
) -> Iterator[Bijector]:
    for i in range(number):
        partition = Checkerboard(parity=i % 2)
        net = make_net(filters, checkerboard=partition.parity, rescale=0.0)
        yield from step(partition, net, shape)


def _channels(
    number: int, shape: Shape, filters: int, make_net: Callable, step: Callable
) -> Iterator[Bijector]:
    for i in range(number):
        partition = Halves(parity=i % 2, event_ndims=3)
        yield from step(partition, make_net(filters, checkerboard=None, rescale=1.0), shape)


def _step(
    partition: Partition,
    net: NetFactory,
    shape: Shape,
    *,
    transform: ScalarTransform,
    context_shape: Shape | None,
    batch_norm: bool,
    dtype: str,
) -> Iterator[Bijector]:
    yield coupling(partition, transform, net, shape, context_shape)
    if batch_norm:
        yield BatchNormalization(shape, partition=partition, dtype=tf.as_dtype(dtype))


def _nets(net: NetFactory | None, num_blocks: int, dtype: str) -> Callable[..., NetFactory]:
    if net is not None:
        return lambda filters, **kwargs: net
    return functools.partial(_paper_net, num_blocks=num_blocks, dtype=network_dtype(dtype))


def _paper_net(filters: int, **kwargs: object) -> RealNVPNet:
    return RealNVPNet(filters, **kwargs)


def _default_levels(event_shape: Shape) -> int:
    height, width, _ = event_shape
    levels = 1
    while height % 2 == 0 and width % 2 == 0 and min(height, width) > 4:
        height, width, levels = height // 2, width // 2, levels + 1
    return levels
