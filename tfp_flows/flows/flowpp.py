"""Flow++: logistic-mixture couplings with gated attention, and a learned dequantizer."""

from collections.abc import Iterator

import tensorflow as tf

from tfp_flows.bijectors import ActNorm, InvertibleConv1x1, Partwise, Squeeze
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.flows.flowpp_levels import Levels, checked_couplings
from tfp_flows.flows.parts import (
    check_context,
    check_image,
    coupling,
    flow_of,
    network_dtype,
    preprocessing,
)
from tfp_flows.flows.recipe import one_call
from tfp_flows.nets import FlowPPNet
from tfp_flows.ops.arguments import check_kind
from tfp_flows.partitions import Halves, Partition, Stripes
from tfp_flows.transforms import LogisticMixture, ScalarTransform
from tfp_flows.typing import Bijector, Distribution, NetFactory, Shape

_HALVES = Halves(event_ndims=3)
# The networks of the paper do not start at zero, so the components need not be set apart.
MIXTURE = LogisticMixture(32, spread=0.0)


@one_call
def flowpp(
    event_shape: Shape,
    *,
    couplings: Levels | None = None,
    transform: ScalarTransform = MIXTURE,
    net: NetFactory | None = None,
    partition: Partition = Stripes(),
    mix_channels: bool = True,
    logit_alpha: float | None = 0.05,
    context_shape: Shape | None = None,
    num_classes: int | None = None,
    recompute: Recompute | None = None,
    dtype: str = "float32",
) -> Distribution:
    """Steps of normalization, 1x1 convolutions and mixture couplings, for images in [0, 1].

    Levels of squeezed images, nothing of which leaves before the end. As the released code has it:
    what the paper calls a checkerboard are stripes, the even and the odd columns; the normalization
    has a shift and a scale for each pixel and channel; and each of the two parts has a 1x1
    convolution of its own. Where the released code swaps the parts after each coupling, the two
    parities of a partition take turns here: the same up to the order of the latents.

    This is the density of real numbers. The model of the paper is one of integers, with noise that
    is learned: `distributions.Dequantized(flows.flowpp(shape), 256, flows.flowpp_noise(shape))`.

    Ho et al. 2019, https://arxiv.org/abs/1902.00275.

    Args:
      event_shape: `(H, W, C)`; levels halve `H` and `W`, and the stripes `W` once more.
      couplings: for each level, how many couplings split the channels, and how many after them the
        columns. Default: up to 32 pixels `((0, 4), (2, 3))`, as for CIFAR-10; up to 64
        `((0, 0), (0, 4), (2, 2), (2, 2))`, as for ImageNet; with one more `(0, 0)` in front for
        twice the size. Without the last levels, or the first ones, where the image is not even.
      transform: of all couplings. Default: mixtures of 32 logistics. `transforms.Affine()` is the
        ablation of the paper.
      net: factory of the networks. Default: `nets.FlowPPNet()`.
      partition: of the couplings that do not split channels. Default: stripes, as released;
        `partitions.Checkerboard(packed=True)` is the real checkerboard.
      mix_channels: whether there are 1x1 convolutions; the released code has none for ImageNet
        and CelebA.
      logit_alpha: data go through `bijectors.Logit(alpha)` first; `None`: [0, 1] to [-0.5, 0.5].
      context_shape: shape of one context, a vector or an image, for conditional flows.
      num_classes: the context is a class, out of so many: integers, or one-hot vectors.
      recompute: `"inverse"` or `"checkpoint"` keep few activations for training; see
        `bijectors.Chain`. `None` keeps all, which is fastest.
      dtype: `"float32"` or `"float64"`, of events and densities.

    Returns:
      A `tfd.TransformedDistribution` with the given event shape.

    Raises:
      ValueError: if a number or size is not one of those above, or if a partition cannot split the
        image at its level.
      TypeError: if an argument is of another kind.

    Example:
      >>> from tfp_flows import flows, nets, transforms
      >>> flow = flows.flowpp(
      ...     (8, 8, 1),
      ...     couplings=((0, 2), (2, 0)),
      ...     transform=transforms.LogisticMixture(4),
      ...     net=nets.FlowPPNet(8, 1),
      ... )
      >>> flow.sample(3).shape
      TensorShape([3, 8, 8, 1])
    """
    event_shape = check_image(event_shape)
    context_shape = check_context(context_shape, num_classes)
    check_kind("partition", partition, Partition)
    couplings = checked_couplings(couplings, event_shape, partition)
    links = preprocessing(logit_alpha, dtype)
    if net is None:
        net = FlowPPNet(dtype=network_dtype(dtype))
    shape = event_shape
    for level, numbers in enumerate(couplings):
        if level:
            links.append(Squeeze(order="position"))
            shape = (shape[0] // 2, shape[1] // 2, shape[2] * 4)
        for number, parts in zip(numbers, (_HALVES, partition), strict=True):
            links.extend(
                steps(
                    number,
                    shape,
                    partition=parts,
                    transform=transform,
                    net=net,
                    mix_channels=mix_channels,
                    context_shape=context_shape,
                    dtype=dtype,
                )
            )
    return flow_of(links, event_shape, dtype, recompute=recompute)


def steps(
    number: int,
    shape: Shape,
    *,
    partition: Partition,
    transform: ScalarTransform,
    net: NetFactory,
    mix_channels: bool,
    context_shape: Shape | None,
    dtype: str,
) -> Iterator[Bijector]:
    """Normalization, 1x1 convolutions of each part, coupling: `number` times, in turns."""
    real = tf.as_dtype(dtype)
    for _ in range(number):
        yield ActNorm(shape, dtype=real)
        if mix_channels:
            first, second = (
                InvertibleConv1x1(part[-1], start="identity", dtype=real)
                for part in partition.part_shapes(shape)
            )
            yield Partwise(partition, first, second, event_shape=shape)
        yield coupling(partition, transform, net, shape, context_shape)
        partition = partition.flipped()
