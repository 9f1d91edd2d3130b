"""Glow: generative flow with invertible 1x1 convolutions."""

import functools
from collections.abc import Iterator

import tensorflow as tf

from tfp_flows.bijectors import (
    ActNorm,
    Chain,
    Elementwise,
    InvertibleConv1x1,
    Squeeze,
    multi_scale,
)
from tfp_flows.bijectors.invertible_conv import Parametrization
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.bijectors.squeeze import Order
from tfp_flows.flows.parts import (
    GAUSSIAN,
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
from tfp_flows.nets import GlowNet, TopPrior
from tfp_flows.ops.arguments import check_int
from tfp_flows.partitions import Halves
from tfp_flows.transforms import Additive, Affine, ScalarTransform, SigmoidScale
from tfp_flows.typing import Bijector, Distribution, NetFactory, Shape

_HALVES = Halves(event_ndims=3)
# Height: levels, steps a level, transform. CIFAR-10; ImageNet 64; LSUN 96 and 128; CelebA-HQ.
_PAPER = {
    32: (3, 32, Affine(SigmoidScale())),
    64: (4, 48, Affine(SigmoidScale())),
    96: (5, 64, Additive()),
    128: (5, 64, Additive()),
    256: (6, 32, Additive()),
}


@one_call
def glow(
    event_shape: Shape,
    *,
    num_levels: int | None = None,
    num_steps: int | None = None,
    filters: int = 512,
    transform: ScalarTransform | None = None,
    net: NetFactory | None = None,
    convolution: Parametrization = "lu",
    squeeze_order: Order = "channel",
    learned_prior: bool = True,
    logit_alpha: float | None = None,
    context_shape: Shape | None = None,
    num_classes: int | None = None,
    recompute: Recompute | None = None,
    dtype: str = "float32",
) -> Distribution:
    """Levels of squeeze and steps (actnorm, invertible 1x1 convolution, coupling), for images.

    Half of the channels leave after each level but the last, under a Gaussian whose mean and scale
    a convolution reads from the half that stays; those of the last level have learned ones, too.
    Both are the last layers of the flow, so that its base is N(0, I). As the released code has it:
    data in [0, 1] are only shifted by -0.5, where the paper speaks of RealNVP's preprocessing.
    `training.initialize` sets the actnorms from data; `FlowModel.fit` does it by itself.

    The scale `sigmoid(raw + 2)` of the affine couplings has no lower bound, and sampling divides
    by it: a sample of a trained flow can overflow, one in some hundreds in our trials, mostly
    after a logit. `transform=transforms.Affine()`, whose scale is bounded on both sides, does not.

    Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039.

    Args:
      event_shape: `(H, W, C)`, with `H` and `W` divisible by `2**num_levels`.
      num_levels: how many. Default: the paper's for 32, 64, 96, 128 and 256 pixels, otherwise at
        most 3, as long as the image can be halved.
      num_steps: steps a level. Default: the paper's for those sizes, otherwise 32.
      filters: of the hidden layers of the networks.
      transform: of the couplings. Default: affine with the scale `sigmoid(raw + 2)`; additive from
        96 pixels on.
      net: factory of the networks, instead of `nets.GlowNet(filters)`.
      convolution: `"lu"` or `"full"`, see `bijectors.InvertibleConv1x1`.
      squeeze_order: see `bijectors.Squeeze`.
      learned_prior: whether what leaves has a learned mean and scale, given what stays.
      logit_alpha: data go through `bijectors.Logit(alpha)` first, instead of the shift.
      context_shape: shape of one context, a vector or an image, for conditional flows. A vector
        also enters the learned prior of the last level.
      num_classes: the context is a class, out of so many: integers, or one-hot vectors.
      recompute: `"inverse"` or `"checkpoint"` keep few activations for training; see
        `bijectors.Chain`. `None` keeps all, which is fastest.
      dtype: `"float32"` or `"float64"`, of events and densities.

    Returns:
      A `tfd.TransformedDistribution` with the given event shape and latents `[H*W*C]`, or
      `[H/2, W/2, 4*C]` for a single level.

    Raises:
      ValueError: if a number or size is not one of those above; for images that cannot be
        halved often enough the message says at which level, and which sizes would do.
      TypeError: if an argument is of another kind.

    Example:
      >>> from tfp_flows import flows
      >>> flow = flows.glow((8, 8, 1), num_levels=2, num_steps=2, filters=8)
      >>> flow.sample(3).shape
      TensorShape([3, 8, 8, 1])
    """
    event_shape = check_image(event_shape)
    front = preprocessing(logit_alpha, dtype)
    context_shape = check_context(context_shape, num_classes)
    paper = _PAPER.get(min(event_shape[:2]), (_default_levels(event_shape), 32, None))
    num_levels = paper[0] if num_levels is None else num_levels
    num_steps = paper[1] if num_steps is None else num_steps
    transform = transform or paper[2] or Affine(SigmoidScale())
    check_levels(num_levels, num_levels, event_shape)
    check_int("num_steps", num_steps, 1)
    check_int("filters", filters, 1)
    if net is None:
        net = GlowNet(filters, dtype=network_dtype(dtype))
    step = functools.partial(
        _step,
        transform=transform,
        net=net,
        convolution=convolution,
        context_shape=context_shape,
        dtype=dtype,
    )
    levels, shape = [], event_shape
    for level in range(num_levels):
        shape = (shape[0] // 2, shape[1] // 2, shape[2] * 4)
        links: list[Bijector] = [Squeeze(order=squeeze_order)]
        for _ in range(num_steps):
            links.extend(step(shape))
        is_last = level == num_levels - 1
        if learned_prior and is_last:
            links.append(_top_prior(shape, context_shape, dtype))
        elif learned_prior:
            links.append(gaussian_prior(shape, dtype))
        levels.append(Chain(links, recompute=recompute))
        shape = (*shape[:2], shape[2] // 2)
    flow = multi_scale(levels, event_shape, partition=_HALVES)
    return flow_of([*front, flow], event_shape, dtype)


def _step(
    shape: Shape,
    *,
    transform: ScalarTransform,
    net: NetFactory,
    convolution: Parametrization,
    context_shape: Shape | None,
    dtype: str,
) -> Iterator[Bijector]:
    channels = shape[-1]
    real = tf.as_dtype(dtype)
    yield ActNorm((channels,), log_scale_factor=3.0, dtype=real)
    yield InvertibleConv1x1(channels, parametrization=convolution, dtype=real)
    yield coupling(_HALVES, transform, net, shape, context_shape)


def _top_prior(shape: Shape, context_shape: Shape | None, dtype: str) -> Bijector:
    """A Gaussian with learned mean and scale, given the context if that is a vector."""
    if context_shape is not None and len(context_shape) != 1:
        context_shape = None
    factory = TopPrior(dtype=network_dtype(dtype))
    net = factory(shape, GAUSSIAN.num_params, context_shape)
    return Elementwise(GAUSSIAN, shape, net=net, context_shape=context_shape)


def _default_levels(event_shape: Shape) -> int:
    height, width, _ = event_shape
    levels = 0
    while levels < 3 and height % 2 == 0 and width % 2 == 0:
        height, width, levels = height // 2, width // 2, levels + 1
    return max(levels, 1)
