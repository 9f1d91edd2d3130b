"""normflows."""

import normflows as nf
import sizes
import torch

from adapters import Measured, torch_calls
from adapters.torch_calls import images, measured, vectors

PACKAGES = (*torch_calls.PACKAGES, "normflows")


def tabular(*, compiled: bool) -> Measured:
    """`AffineCouplingBlock`, `Permute`."""
    at = sizes.TABULAR
    links = []
    for _ in range(at.couplings):
        links.append(nf.flows.AffineCouplingBlock(nf.nets.MLP([at.half, *at.hidden, at.size])))
        links.append(nf.flows.Permute(at.size, mode="swap"))
    flow = nf.NormalizingFlow(nf.distributions.DiagGaussian(at.size, trainable=False), links)
    return measured(
        flow.log_prob,
        lambda: flow.sample(at.batch)[0],
        flow.parameters(),
        vectors(),
        compiled=compiled,
    )


def glow(*, compiled: bool) -> Measured:
    """`GlowBlock`, `MultiscaleFlow`; levels are listed from the last, and squeezed after steps."""
    at = sizes.GLOW
    levels, bases = [], []
    for i, channels in reversed(list(enumerate(at.channels, start=1))):
        steps = [nf.flows.GlowBlock(channels, at.filters) for _ in range(at.steps)]
        levels.append([*steps, nf.flows.Squeeze()])
        leaving = channels if i == at.levels else channels // 2
        shape = (leaving, at.size >> i, at.size >> i)
        bases.append(nf.distributions.DiagGaussian(shape, trainable=False))
    merges = [nf.flows.Merge() for _ in levels[1:]]
    flow = nf.MultiscaleFlow(bases, levels, merges, class_cond=False)
    x = images()
    with torch.no_grad():
        flow.log_prob(x, None)  # Sets its actnorms.
    return measured(
        lambda x: flow.log_prob(x, None),
        lambda: flow.sample(at.batch)[0],
        flow.parameters(),
        x,
        compiled=compiled,
    )
