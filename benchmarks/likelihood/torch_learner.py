"""Flows of PyTorch."""

import copy

import numpy as np
import torch

from likelihood.course import CLIP

PACKAGES = ("torch",)


class TorchLearner:
    """See `course.Learner`.

    Args:
      flow: a module; called with events it gives their log-densities.
      first: some events, for layers that are set by them.
    """

    def __init__(self, flow: torch.nn.Module, first: np.ndarray) -> None:
        with torch.no_grad():
            flow(torch.from_numpy(first))
        self._flow, self._shown = flow, copy.deepcopy(flow)
        states = (self._shown.state_dict().values(), flow.state_dict().values())
        pairs = list(zip(*states, strict=True))
        self._averages = [average for average, _ in pairs if average.is_floating_point()]
        self._values = [value for average, value in pairs if average.is_floating_point()]
        self.parameters = sum(p.numel() for p in flow.parameters() if p.requires_grad)
        self._optimizer = torch.optim.Adam(flow.parameters())

    def step(self, x: np.ndarray, rate: float, decay: float) -> float:
        """One step, and its loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad()
        loss = -self._flow(torch.from_numpy(x)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._flow.parameters(), CLIP)
        self._optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self._averages, self._values, 1 - decay)
        return float(loss.detach())

    @torch.no_grad()
    def log_prob(self, x: np.ndarray, seed: int) -> np.ndarray:
        """Nats."""
        del seed
        return self._shown(torch.from_numpy(x)).numpy()

    def weights(self) -> list[np.ndarray]:
        """Copies."""
        return [value.numpy().copy() for value in self._averages]

    @torch.no_grad()
    def load(self, weights: list[np.ndarray]) -> None:
        """Puts them back."""
        for average, value in zip(self._averages, weights, strict=True):
            average.copy_(torch.from_numpy(value))
