"""What the rows of PyTorch share: eager or compiled, Adam."""

from collections.abc import Callable, Iterable

import numpy as np
import sizes
import torch

from adapters import Measured

PACKAGES = ("torch",)


def measured(
    log_prob: Callable,
    sample: Callable,
    parameters: Iterable[torch.nn.Parameter],
    x: torch.Tensor,
    *,
    compiled: bool,
) -> Measured:
    """A density, its samples and what it trains, on one batch."""
    parameters = list(parameters)
    optimizer = torch.optim.Adam(parameters, sizes.LEARNING_RATE)
    if compiled:
        log_prob, sample = torch.compile(log_prob), torch.compile(sample)

    def train() -> np.ndarray:
        optimizer.zero_grad()
        loss = -log_prob(x).mean()
        loss.backward()
        optimizer.step()
        return loss.detach().numpy()

    @torch.no_grad()
    def density() -> np.ndarray:
        return log_prob(x).numpy()

    @torch.no_grad()
    def draw() -> np.ndarray:
        return sample().numpy()

    calls = {"train": train, "log_prob": density, "sample": draw}
    return Measured(sum(p.numel() for p in parameters), calls)


def vectors() -> torch.Tensor:
    """Normal noise."""
    return torch.randn(sizes.TABULAR.batch, sizes.TABULAR.size)


def images() -> torch.Tensor:
    """Uniform noise."""
    return torch.rand(sizes.GLOW.batch, 3, sizes.GLOW.size, sizes.GLOW.size)


def mlp(inputs: int, outputs: int) -> torch.nn.Module:
    """The network of a tabular coupling."""
    first, second = sizes.TABULAR.hidden
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, first),
        torch.nn.ReLU(),
        torch.nn.Linear(first, second),
        torch.nn.ReLU(),
        torch.nn.Linear(second, outputs),
    )


def cnn(inputs: int, outputs: int) -> torch.nn.Module:
    """The network of a step of Glow."""
    filters = sizes.GLOW.filters
    return torch.nn.Sequential(
        torch.nn.Conv2d(inputs, filters, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(filters, filters, 1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(filters, outputs, 3, padding=1),
    )
