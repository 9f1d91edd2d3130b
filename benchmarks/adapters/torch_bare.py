"""The bare networks of PyTorch, chained, as `tensorflow_bare` has them."""

import sizes
import torch

from adapters import Measured
from adapters.torch_calls import PACKAGES, cnn, images, measured, mlp, vectors

__all__ = ["PACKAGES", "glow", "tabular"]


def tabular(*, compiled: bool) -> Measured:
    """MLPs, each of which puts out the halves of the next."""
    at = sizes.TABULAR
    networks = torch.nn.ModuleList(mlp(at.half, at.size) for _ in range(at.couplings))

    def chained(x: torch.Tensor) -> torch.Tensor:
        x = x[:, : at.half]
        for net in networks:
            x = net(x)[:, : at.half]
        return x.sum(-1)

    return measured(
        chained,
        lambda: chained(torch.randn(at.batch, at.size)),
        networks.parameters(),
        vectors(),
        compiled=compiled,
    )


def glow(*, compiled: bool) -> Measured:
    """Convolutions, level by level."""
    at = sizes.GLOW
    levels = torch.nn.ModuleList(
        torch.nn.ModuleList(cnn(c // 2, c) for _ in range(at.steps)) for c in at.channels
    )

    def chained(x: torch.Tensor) -> torch.Tensor:
        total = 0.0
        for networks in levels:
            x, rest = torch.nn.functional.pixel_unshuffle(x, 2).chunk(2, 1)
            for net in networks:
                shift, scale = net(x).chunk(2, 1)
                x, rest = rest + shift + scale, x
            total = total + rest.sum((1, 2, 3))
        return total + x.sum((1, 2, 3))

    x = images()
    return measured(
        chained, lambda: chained(torch.randn(x.shape)), levels.parameters(), x, compiled=compiled
    )
