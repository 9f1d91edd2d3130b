"""The picture of results: a panel for each set, a line for each flow, a dot for each seed."""

import math
import pathlib

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from likelihood.results import Results
from likelihood.rows import Row
from likelihood.sets import KINDS, SETS

# Colour-blind safe (Okabe and Ito).
COLORS = {
    "tfp_flows": "#0072B2",
    "TensorFlow Probability": "#E69F00",
    "PyTorch": "#009E73",
    "closed form": "#7f7f7f",
}
COLUMNS = 3
UNITS = {"images": "bits/dim, lower is better", "tables": "nats, higher is better"}


def draw(results: Results, seconds: dict[str, float], path: pathlib.Path, kind: str) -> None:
    """Writes the picture of one kind of sets; `seconds` by kind."""
    names = [name for name, its in SETS.items() if its.kind == kind]
    flows = KINDS[kind].rows[::-1]
    height = math.ceil(len(names) / COLUMNS)
    size = (7.25, 0.5 + height * (0.35 + 0.3 * len(flows)))
    figure, grid = plt.subplots(height, COLUMNS, figsize=size, sharey=True, layout="constrained")
    panels = grid.flatten()
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    for panel, name in zip(panels, names, strict=False):
        for y, row in enumerate(flows):
            cells = results.of(name, row.name, seconds[kind])
            values = [cell["score"] for cell in cells if cell["score"] is not None]
            panel.plot(values, [y] * len(values), "o", color=_color(row), alpha=0.8, ms=6)
        _dress(panel, SETS[name].title)
    for panel in panels[::COLUMNS]:
        panel.set_yticks(range(len(flows)), [row.name for row in flows])
        for label, row in zip(panel.get_yticklabels(), flows, strict=True):
            label.set_color(_color(row))
    figure.supxlabel(UNITS[kind], fontsize=10)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _dress(panel: Axes, title: str) -> None:
    panel.set_title(title, fontsize=10)
    panel.grid(color="0.9")
    panel.set_axisbelow(True)
    panel.margins(x=0.15)
    panel.locator_params(axis="x", nbins=3)
    panel.tick_params(length=0, labelsize=9)
    panel.spines[:].set_visible(False)


def _color(row: Row) -> str:
    if not row.is_trained:
        return COLORS["closed form"]
    if row.environment == "torch":
        return COLORS["PyTorch"]
    return COLORS["tfp_flows" if row.module == "ours" else "TensorFlow Probability"]
