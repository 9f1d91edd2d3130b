"""FrEIA."""

import math

import sizes
import torch
from FrEIA import framework, modules

from adapters import Measured, torch_calls
from adapters.torch_calls import measured, mlp, vectors

PACKAGES = (*torch_calls.PACKAGES, "FrEIA")


def tabular(*, compiled: bool) -> Measured:
    """`GLOWCouplingBlock`, each of which is two couplings."""
    at = sizes.TABULAR
    flow = framework.SequenceINN(at.size)
    for _ in range(at.couplings // 2):
        flow.append(modules.GLOWCouplingBlock, subnet_constructor=mlp)

    def log_prob(x: torch.Tensor) -> torch.Tensor:
        z, log_det = flow(x)
        return log_det - 0.5 * (z.square().sum(-1) + at.size * math.log(2 * math.pi))

    return measured(
        log_prob,
        lambda: flow(torch.randn(at.batch, at.size), rev=True, jac=False)[0],
        flow.parameters(),
        vectors(),
        compiled=compiled,
    )
