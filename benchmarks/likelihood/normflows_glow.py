"""normflows."""

import math

import normflows as nf
import numpy as np
import torch

from likelihood import torch_learner
from likelihood.sizes import GLOW
from likelihood.torch_learner import TorchLearner

PACKAGES = (*torch_learner.PACKAGES, "normflows")


class _Glow(torch.nn.Module):
    """`GlowBlock`s in a `MultiscaleFlow`, behind a logit.

    Levels are listed from the last, and squeezed after their steps.
    """

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        levels, bases = [], []
        for level in range(GLOW.levels, 0, -1):
            inside = channels * 2 ** (level + 1)
            steps = [nf.flows.GlowBlock(inside, GLOW.filters) for _ in range(GLOW.steps)]
            levels.append([*steps, nf.flows.Squeeze()])
            leaving = inside if level == GLOW.levels else inside // 2
            shape = (leaving, size >> level, size >> level)
            bases.append(nf.distributions.DiagGaussian(shape, trainable=False))
        merges = [nf.flows.Merge() for _ in levels[1:]]
        self.flow = nf.MultiscaleFlow(bases, levels, merges, class_cond=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        p = GLOW.alpha + (1 - 2 * GLOW.alpha) * x.permute(0, 3, 1, 2)
        log_p, log_rest = p.log(), torch.log1p(-p)
        log_slope = math.log(1 - 2 * GLOW.alpha) - log_p - log_rest
        return self.flow.log_prob(log_p - log_rest, None) + log_slope.sum((1, 2, 3))


def image(first: np.ndarray) -> TorchLearner:
    """Glow."""
    _, size, _, channels = first.shape
    return TorchLearner(_Glow(size, channels), first)
