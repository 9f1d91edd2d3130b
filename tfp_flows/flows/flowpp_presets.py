"""The published models of Flow++, with exactly their numbers of parameters.

The 1x1 convolutions are LU forms, which cannot become singular, of as many parameters; the
normalizations hold the logarithm of their scale; and networks without attention add the positions
that the released ones hold unused. Everything else is as released.
"""

from collections.abc import Sequence
from typing import Any

from tfp_flows.distributions import Dequantized
from tfp_flows.flows.flowpp import flowpp
from tfp_flows.flows.flowpp_noise import flowpp_noise
from tfp_flows.nets import FlowPPContext, FlowPPNet
from tfp_flows.transforms import LogisticMixture
from tfp_flows.typing import Shape


def flowpp_cifar10() -> Dequantized:
    """Flow++ for CIFAR-10, 32x32x3 in 0..255: 31,443,440 parameters."""
    return _flowpp((32, 32, 3), 256, net=FlowPPNet(), noise_net=FlowPPNet(num_blocks=2))


def flowpp_cifar10_uniform() -> Dequantized:
    """`flowpp_cifar10` with uniform noise, and wider networks: 32,324,408 parameters."""
    return Dequantized(flowpp((32, 32, 3), net=FlowPPNet(104)), 256)


def flowpp_cifar10_no_attention() -> Dequantized:
    """`flowpp_cifar10` with a maximum of channels instead of attention: 31,443,440 parameters."""
    net = FlowPPNet(mixer="pointwise")
    noise_net = FlowPPNet(num_blocks=2, mixer="pointwise")
    return _flowpp((32, 32, 3), 256, net=net, noise_net=noise_net)


def flowpp_imagenet32() -> Dequantized:
    """Flow++ for ImageNet at 32x32x3 in 0..255: 168,955,724 parameters.

    Sixteen couplings and eight of the noise, weight normalization, no 1x1 convolutions.
    """
    each = {"final_activation": True, "weight_norm": True, "dropout": 0.0}
    context_net = FlowPPContext(
        32, 8, attention=True, layer_norm=True, weight_norm=True, dropout=0.0
    )
    return _flowpp(
        (32, 32, 3),
        256,
        couplings=((0, 7), (3, 3)),
        net=FlowPPNet(128, 20, **each),
        noise_net=FlowPPNet(128, 8, **each),
        num_noise_couplings=8,
        context_net=context_net,
        mix_channels=False,
    )


def flowpp_imagenet64(num_levels: int = 256) -> Dequantized:
    """Flow++ for ImageNet at 64x64x3: 73,489,960 parameters.

    Mixtures of four components, and no attention in the noise.

    Args:
      num_levels: 256, or 32 for 5-bit images.
    """
    return _flowpp_large((64, 64, 3), num_levels, num_blocks=16)


def flowpp_celeba64(num_levels: int = 32) -> Dequantized:
    """Flow++ for CelebA-HQ at 64x64x3, as `flowpp_imagenet64`: 73,489,960 parameters.

    Args:
      num_levels: 32 for 5-bit images, 8 for 3-bit ones.
    """
    return _flowpp_large((64, 64, 3), num_levels, num_blocks=16)


def flowpp_celeba128(num_levels: int = 32) -> Dequantized:
    """Flow++ for CelebA-HQ at 128x128x3: 122,790,952 parameters.

    Args:
      num_levels: 32 for 5-bit images.
    """
    return _flowpp_large((128, 128, 3), num_levels, num_blocks=12)


def flowpp_small(event_shape: Shape = (28, 28, 1)) -> Dequantized:
    """A Flow++ that trains in minutes on two cores: five couplings, mixtures of 4, 16 filters.

    Its noise has two couplings and no attention.

    Args:
      event_shape: shape `(H, W, C)` of one image of 8 bits, with `W` divisible by 4.
    """
    each = {"num_heads": 2, "dropout": 0.0}
    return _flowpp(
        event_shape,
        256,
        couplings=((0, 0), (2, 3)),
        transform=LogisticMixture(4, spread=0.0),
        net=FlowPPNet(16, 1, **each),
        noise_net=FlowPPNet(16, 1, mixer=None, **each),
        num_noise_couplings=2,
        context_net=FlowPPContext(16, 1, dropout=0.0),
    )


def _flowpp_large(event_shape: Shape, num_levels: int, *, num_blocks: int) -> Dequantized:
    each = {"final_activation": True, "dropout": 0.0}
    return _flowpp(
        event_shape,
        num_levels,
        transform=LogisticMixture(4, spread=0.0),
        net=FlowPPNet(96, num_blocks, **each),
        noise_net=FlowPPNet(96, 5, mixer=None, **each),
        context_net=FlowPPContext(32, 5, layer_norm=True, dropout=0.0),
        mix_channels=False,
    )


def _flowpp(
    event_shape: Shape,
    num_levels: int,
    *,
    couplings: Sequence[tuple[int, int]] | None = None,
    net: FlowPPNet,
    noise_net: FlowPPNet,
    num_noise_couplings: int = 4,
    context_net: FlowPPContext = FlowPPContext(),
    **each: Any,
) -> Dequantized:
    """A flow and a noise; `each` is for both."""
    flow = flowpp(event_shape, couplings=couplings, net=net, **each)
    noise = flowpp_noise(
        event_shape,
        num_couplings=num_noise_couplings,
        net=noise_net,
        context_net=context_net,
        **each,
    )
    return Dequantized(flow, num_levels, noise)
