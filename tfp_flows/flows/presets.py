"""The published models, with exactly their numbers of parameters, and small ones for two cores."""

from collections.abc import Sequence
from typing import Any

from tfp_flows.distributions import Dequantized
from tfp_flows.flows.flowpp import flowpp
from tfp_flows.flows.flowpp_noise import flowpp_noise
from tfp_flows.flows.glow import glow
from tfp_flows.flows.nice import nice
from tfp_flows.flows.realnvp import realnvp
from tfp_flows.nets import MLP, FlowPPContext, FlowPPNet, GlowNet
from tfp_flows.partitions import Halves
from tfp_flows.transforms import Additive, Affine, LogisticMixture
from tfp_flows.typing import Distribution, Shape

# In the released code the 1x1 convolution of Glow is a full matrix; its LU form, which cannot
# become singular, has the same number of parameters. Everything else is as released.


def nice_mnist() -> Distribution:
    """NICE for MNIST, 28x28x1 in [0, 1]: 19,158,352 parameters.

    Four couplings of five hidden layers, and a logistic prior.
    """
    return nice((28, 28, 1))


def nice_cifar10() -> Distribution:
    """NICE for CIFAR-10, 32x32x3 in [0, 1]: 93,591,360 parameters.

    As the released code has it, which differs from the paper's table: eight couplings of 1, 1, 3,
    3, 2, 2, 1 and 1 hidden layers of 2400, a normal prior, and no whitening.
    """
    nets = [MLP((2400,) * depth, uniform=0.01) for depth in (1, 1, 3, 3, 2, 2, 1, 1)]
    return nice((32, 32, 3), partition=Halves(), net=nets, prior="normal", centered=True)


def realnvp_cifar10() -> Distribution:
    """RealNVP for CIFAR-10, 32x32x3 in [0, 1]: 19,609,545 parameters.

    Two levels, 64 filters, 8 residual blocks.
    """
    return realnvp((32, 32, 3), num_levels=2, filters=64, num_blocks=8)


def realnvp_imagenet32() -> Distribution:
    """RealNVP for ImageNet at 32x32x3 in [0, 1]: 46,220,359 parameters.

    Four levels, 32 filters, 4 residual blocks.
    """
    return realnvp((32, 32, 3), num_levels=4, filters=32, num_blocks=4)


def glow_cifar10() -> Distribution:
    """Glow for CIFAR-10, 32x32x3 in [0, 1]: 44,603,604 parameters.

    Three levels of 32 steps, 512 filters, affine couplings. As the released code has it, with an
    extra input channel that marks the edges, a learned prior of the last level, and no logit.
    """
    return glow((32, 32, 3), num_levels=3, num_steps=32)


def glow_cifar10_additive() -> Distribution:
    """`glow_cifar10` with additive couplings: 38,395,668 parameters."""
    return glow((32, 32, 3), num_levels=3, num_steps=32, transform=Additive())


def glow_imagenet64() -> Distribution:
    """Glow for ImageNet at 64x64x3 in [0, 1]: 112,377,540 parameters.

    Four levels of 48 steps, 512 filters, affine couplings.
    """
    return glow((64, 64, 3), num_levels=4, num_steps=48)


def glow_celeba_hq256() -> Distribution:
    """Glow for CelebA-HQ, 256x256x3 in [0, 1]: 175,099,620 parameters.

    Six levels of 32 steps, 512 filters, additive couplings; 5-bit images in the paper.
    """
    return glow((256, 256, 3), num_levels=6, num_steps=32, transform=Additive())


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


# The small models start with a logit: it spreads the many pixels that are 0. Their scales have a
# lower bound, so that every sample is finite.


def nice_small(event_shape: Shape = (28, 28, 1)) -> Distribution:
    """A NICE that trains in minutes on two cores: four couplings of two hidden layers of 512.

    Args:
      event_shape: shape of one event, with values in [0, 1].
    """
    return nice(event_shape, net=MLP((512, 512), uniform=0.01), logit_alpha=1e-3)


def realnvp_small(event_shape: Shape = (28, 28, 1)) -> Distribution:
    """A RealNVP that trains in minutes on two cores: networks of Glow's form, with 32 filters.

    Args:
      event_shape: shape `(H, W, C)` of one image with values in [0, 1].
    """
    return realnvp(event_shape, num_levels=3, net=GlowNet(32), logit_alpha=1e-3)


def glow_small(event_shape: Shape = (28, 28, 1)) -> Distribution:
    """A Glow that trains in minutes on two cores: two levels of 8 steps, 48 filters.

    Args:
      event_shape: shape `(H, W, C)` of one image with values in [0, 1].
    """
    return glow(
        event_shape, num_levels=2, num_steps=8, filters=48, transform=Affine(), logit_alpha=1e-3
    )


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
