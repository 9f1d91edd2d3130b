"""The published models, with exactly their numbers of parameters, and small ones for two cores."""

from tfp_flows.flows.flowpp_presets import (
    flowpp_celeba64,
    flowpp_celeba128,
    flowpp_cifar10,
    flowpp_cifar10_no_attention,
    flowpp_cifar10_uniform,
    flowpp_imagenet32,
    flowpp_imagenet64,
    flowpp_small,
)
from tfp_flows.flows.glow import glow
from tfp_flows.flows.nice import nice
from tfp_flows.flows.realnvp import realnvp
from tfp_flows.nets import MLP, GlowNet
from tfp_flows.partitions import Halves
from tfp_flows.transforms import Additive, Affine, TanhScale
from tfp_flows.typing import Distribution, Shape

__all__ = [
    "flowpp_celeba64",
    "flowpp_celeba128",
    "flowpp_cifar10",
    "flowpp_cifar10_no_attention",
    "flowpp_cifar10_uniform",
    "flowpp_imagenet32",
    "flowpp_imagenet64",
    "flowpp_small",
    "glow_celeba_hq256",
    "glow_cifar10",
    "glow_cifar10_additive",
    "glow_imagenet64",
    "glow_small",
    "nice_cifar10",
    "nice_mnist",
    "nice_small",
    "realnvp_cifar10",
    "realnvp_imagenet32",
    "realnvp_small",
]

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

    A coupling stretches by less than 2.7: with `TanhScale`'s default of 7.4 the 16 couplings threw
    one odd image of 10,000 so far out that it alone decided the mean likelihood of all.

    Args:
      event_shape: shape `(H, W, C)` of one image with values in [0, 1].
    """
    return realnvp(
        event_shape,
        num_levels=3,
        transform=Affine(TanhScale(1.0)),
        net=GlowNet(32),
        logit_alpha=1e-3,
    )


def glow_small(event_shape: Shape = (28, 28, 1)) -> Distribution:
    """A Glow that trains in minutes on two cores: two levels of 8 steps, 48 filters.

    Args:
      event_shape: shape `(H, W, C)` of one image with values in [0, 1].
    """
    return glow(
        event_shape, num_levels=2, num_steps=8, filters=48, transform=Affine(), logit_alpha=1e-3
    )
