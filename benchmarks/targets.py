"""What we want of the figures."""

import statistics
from collections.abc import Callable
from typing import NamedTuple

from results import Result

Results = dict[str, Result]


class Target(NamedTuple):
    """A bound on a figure; `figure` gives `None` where a row is missing."""

    text: str
    figure: Callable[[Results], float | None]
    at_most: float | None = None
    at_least: float | None = None

    def wanted(self) -> str:
        """The bound."""
        return f"<= {self.at_most:g}" if self.at_least is None else f">= {self.at_least:g}"

    def is_reached(self, value: float) -> bool:
        """Whether it holds."""
        return value <= self.at_most if self.at_least is None else value >= self.at_least


def _over_floor(workload: str, action: str) -> Callable[[Results], float | None]:
    def figure(results: Results) -> float | None:
        result = results[workload]
        ratio = None if result.ours() is None else result.over_floor(result.ours(), action)
        return None if ratio is None else float(ratio[1])

    return figure


def _over_ours(workload: str, action: str, *, stock: bool) -> Callable[[Results], float | None]:
    """TFP's or the fastest peer's time over ours."""

    def figure(results: Results) -> float | None:
        result = results[workload]
        other = result.stock(action) if stock else result.fastest_peer(action)
        ratio = None if other is None else result.ratio(other, result.ours(), action)
        return None if ratio is None else float(ratio[1])

    return figure


def _of_workload(workload: str, title: str, stock: str, train: tuple[float, float]) -> list[Target]:
    targets = []
    for action, name in (("train", "train step"), ("log_prob",) * 2, ("sample",) * 2):
        floor, ours = train if action == "train" else (1.3, 1.5)
        targets += [
            Target(
                f"{title}, {name}, over its bare networks",
                _over_floor(workload, action),
                at_most=floor,
            ),
            Target(
                f"{title}, {name}, fastest peer over ours",
                _over_ours(workload, action, stock=False),
                at_least=1.0,
            ),
            Target(
                f"{title}, {name}, {stock} over ours",
                _over_ours(workload, action, stock=True),
                at_least=ours,
            ),
        ]
    return targets


def _first_call(results: Results) -> float | None:
    result = results["glow"]
    ours, stock = result.ours(), result.stock("train")
    if ours is None or stock is None:
        return None
    a, b = (statistics.median(result.rows[row].first) for row in (ours, stock))
    return a / b


def _deep_first_call(results: Results) -> float | None:
    result = results["deep_glow"]
    ours = result.ours()
    return None if ours is None else statistics.median(result.rows[ours].first)


def _two_devices(results: Results) -> float | None:
    result = results["replicas"]
    ratio = result.over_floor(result.workload.rows[-1], "train")
    return None if ratio is None else float(ratio[1])


TARGETS = (
    *_of_workload("tabular", "Affine couplings", "tfb.RealNVP", (1.15, 1.8)),
    *_of_workload("glow", "Glow", "tfb.Glow", (1.2, 1.7)),
    Target("Glow, first call, ours over tfb.Glow", _first_call, at_most=0.5),
    Target("Glow of 3 levels of 32 steps, first call, seconds", _deep_first_call, at_most=60.0),
    Target("Two logical devices over one, `FlowModel.fit`", _two_devices, at_most=1.3),
)
