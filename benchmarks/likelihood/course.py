"""How every flow is trained and scored, whatever its framework."""

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

PEAK, WARM_UP, CLIP = 1e-3, 0.05, 100.0
DECAY = 0.99  # Of the average of the weights.


class Learner(Protocol):
    """A flow with its optimizer: Adam, gradients clipped to norm `CLIP`, averaged weights.

    `weights`, `load` and `log_prob` are about the averaged weights.
    """

    parameters: int

    def step(self, x: np.ndarray, rate: float, decay: float) -> float:
        """One step of the optimizer; its loss, the mean negative log-density in nats."""

    def log_prob(self, x: np.ndarray, seed: int) -> np.ndarray:
        """Log-density of each event in nats; only flows that draw noise need the seed."""

    def weights(self) -> list[np.ndarray]:
        """Copies."""

    def load(self, weights: list[np.ndarray]) -> None:
        """Puts them back."""


class Events(NamedTuple):
    """One part of a set: rows, or images of 8 bits.

    Args:
      values: float32 `[n, D]`, or uint8 `[n, H, W, C]`.
      batch: events in a step, and in a call of `log_prob`.
      is_raw: whether the flow takes the bytes; else they get uniform noise and are in [0, 1).
    """

    values: np.ndarray
    batch: int
    is_raw: bool

    def prepared(self, rows: slice | np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Some of them, as the flow takes them."""
        x = self.values[rows]
        if x.dtype != np.uint8 or self.is_raw:
            return x
        x = (x + rng.random(x.shape, np.float32)) / np.float32(256)
        return np.minimum(x, np.nextafter(np.float32(1), np.float32(0)))  # 255 + u can be 256.

    def batches(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Epoch after epoch, each in a new order and with new noise."""
        while True:
            order = rng.permutation(len(self.values))
            for i in range(0, len(order) - self.batch + 1, self.batch):
                yield self.prepared(order[i : i + self.batch], rng)

    def scores(self, learner: Learner, seed: int) -> np.ndarray:
        """Of each event: nats, or for images bits/dim. One draw of noise, fixed by the seed."""
        rng, scores = np.random.default_rng(seed), []
        for i in range(0, len(self.values), self.batch):
            x = self.prepared(slice(i, i + self.batch), rng)
            scores.append(learner.log_prob(x, seed + i))
        nats = np.concatenate(scores).astype(np.float64)
        if self.values.dtype != np.uint8:
            return nats
        bits = -nats / (math.log(2) * math.prod(self.values.shape[1:]))
        return bits if self.is_raw else bits + 8


class Trained(NamedTuple):
    """How it went; times are in seconds."""

    steps: int
    best_step: int
    validation: float | None
    first_call: float
    is_finite: bool


UNTRAINED = Trained(0, 0, None, 0.0, is_finite=True)


def train(
    learner: Learner,
    training: Events,
    validation: Events,
    *,
    seconds: float,
    checks: int,
    seed: int,
    turn: Callable[[], None] = lambda: None,
) -> Trained:
    """Leaves the learner with the averaged weights that scored best on the validation events.

    The clock runs while batches are made and steps are done: neither in the first step, which
    traces and compiles, nor in the `checks` validations, nor while others have their turn, for
    which `turn` is called between steps. A loss that is no number ends it.
    """
    batches = training.batches(np.random.default_rng(seed))
    sign = -1 if training.values.dtype == np.uint8 else 1
    start = time.perf_counter()
    loss = learner.step(next(batches), 0.0, 0.0)
    first_call = time.perf_counter() - start
    spent, steps, checked = 0.0, 1, 0
    best: tuple[float, int, list[np.ndarray] | None] = (-math.inf, 0, None)
    while math.isfinite(loss) and checked < checks:
        turn()
        start = time.perf_counter()
        decay = min(DECAY, (1 + steps) / (10 + steps))
        loss = learner.step(next(batches), rate(spent / seconds), decay)
        spent += time.perf_counter() - start
        steps += 1
        if spent >= seconds * (checked + 1) / checks:
            checked = min(checks, int(spent / seconds * checks))
            score = sign * float(validation.scores(learner, seed=0).mean())
            if score > best[0]:
                best = (score, steps, learner.weights())
    score, best_step, weights = best
    if weights is not None:
        learner.load(weights)
    found = None if weights is None else sign * score
    return Trained(steps, best_step, found, first_call, math.isfinite(loss))


def rate(done: float) -> float:
    """Warm-up, then a cosine, over what is done of the time."""
    return PEAK * min(done / WARM_UP, 1.0) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
