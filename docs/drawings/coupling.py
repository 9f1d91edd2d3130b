"""What a coupling does with an event."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from drawings.style import INK, KEPT, MOVED


def draw() -> Figure:
    """Two lanes: what is kept goes through, what moves is transformed; the net between them."""
    figure = Figure(figsize=(8.2, 3.2))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 12), ylim=(-2.4, 2.3))
    axes.axis("off")
    _text(axes, 0.5, 0, "$x$", INK, fontsize=24)
    _box(axes, (2.1, 0), (1.7, 1.5), "partition\nsplit", INK)
    _box(axes, (6.2, 0), (2.4, 0.9), "net", KEPT)
    _box(axes, (6.2, -1.5), (2.4, 0.9), "transform", MOVED)
    _box(axes, (9.9, 0), (1.7, 1.5), "partition\nmerge", INK)
    _text(axes, 11.5, 0, "$z$", INK, fontsize=24)
    _arrow(axes, (0.85, 0), (1.2, 0), INK)
    _arrow(axes, (10.8, 0), (11.15, 0), INK)
    # Kept above, moved below.
    _line(axes, [2.95, 3.6, 3.6, 8.6, 8.6], [0.4, 0.4, 1.5, 1.5, 0.4], KEPT)
    _arrow(axes, (8.6, 0.4), (9.03, 0.4), KEPT)
    _line(axes, [2.95, 3.6, 3.6], [-0.4, -0.4, -1.5], MOVED)
    _arrow(axes, (3.6, -1.5), (4.98, -1.5), MOVED)
    _line(axes, [7.42, 8.6, 8.6], [-1.5, -1.5, -0.4], MOVED)
    _arrow(axes, (8.6, -0.4), (9.03, -0.4), MOVED)
    _arrow(axes, (6.2, 1.5), (6.2, 0.46), KEPT)
    _arrow(axes, (6.2, -0.44), (6.2, -1.04), KEPT)
    _text(axes, 4.6, 1.82, "kept", KEPT)
    _text(axes, 4.3, -1.18, "moved", MOVED)
    _text(axes, 6.33, -0.74, "raw", KEPT, ha="left")
    _text(axes, 6.2, -2.22, "log-det = sum of the log-slopes", MOVED)
    return figure


def _text(axes: Axes, x: float, y: float, text: str, color: str, **kwargs: Any) -> None:
    axes.text(x, y, text, **{"color": color, "ha": "center", "va": "center", **kwargs})


def _box(axes: Axes, middle: tuple, size: tuple, text: str, color: str) -> None:
    corner = [m - s / 2 for m, s in zip(middle, size, strict=True)]
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=style, fill=False, edgecolor=color, lw=1.5)
    )
    _text(axes, *middle, text, color)


def _line(axes: Axes, x: list[float], y: list[float], color: str) -> None:
    axes.plot(x, y, color=color, linewidth=1.8, solid_joinstyle="round")


def _arrow(axes: Axes, start: tuple, end: tuple, color: str) -> None:
    style = {"arrowstyle": "-|>", "mutation_scale": 15, "linewidth": 1.8}
    axes.add_patch(FancyArrowPatch(start, end, color=color, shrinkA=0, shrinkB=0, **style))
