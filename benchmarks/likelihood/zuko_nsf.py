"""zuko."""

import numpy as np
import torch
import zuko

from likelihood import torch_learner
from likelihood.sizes import TABLE
from likelihood.torch_learner import TorchLearner

PACKAGES = (*torch_learner.PACKAGES, "zuko")


class _NSF(torch.nn.Module):
    """`flows.NSF`: autoregressive, so that half as many layers move a column as often."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.flow = zuko.flows.NSF(
            size,
            transforms=TABLE.layers // 2,
            hidden_features=TABLE.hidden,
            bins=TABLE.components,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.flow().log_prob(x)


def table(first: np.ndarray) -> TorchLearner:
    """NSF."""
    return TorchLearner(_NSF(first.shape[-1]), first)
