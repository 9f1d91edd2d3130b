"""A density of integers without noise, and with."""

import numpy as np
from matplotlib.figure import Figure

from drawings.style import INK, KEPT, MOVED

PROBABILITIES = np.array([0.08, 0.2, 0.4, 0.22, 0.1])


def draw() -> Figure:
    """Left: spikes. Middle: uniform noise. Right: noise that follows a smooth density."""
    figure = Figure(figsize=(8.2, 2.7), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    edges = np.arange(len(PROBABILITIES) + 1)
    width = 0.03
    for k, p in enumerate(PROBABILITIES):
        x = k + 0.5 + width * np.array([-1, -1, 1, 1])
        panels[0].fill(x, [0, 0.12 + p, 0.12 + p, 0], color=MOVED, lw=0)
        panels[0].annotate(
            "",
            (k + 0.5, 0.18 + p),
            (k + 0.5, 0.1 + p),
            arrowprops={"arrowstyle": "-|>", "color": MOVED},
        )
    panels[1].stairs(PROBABILITIES, edges, color=KEPT, fill=True, alpha=0.35)
    panels[1].stairs(PROBABILITIES, edges, color=KEPT, lw=1.8)
    x = np.linspace(0, len(PROBABILITIES), 400)
    panels[2].fill_between(x, _smooth(x), color=KEPT, alpha=0.35, lw=0)
    panels[2].plot(x, _smooth(x), color=KEPT, lw=1.8)
    titles = ("no noise: density without bound", "uniform noise: stairs", "learned noise: smooth")
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title, fontsize=10.5)
        axes.set(
            yticks=[], xlim=(0, len(PROBABILITIES)), ylim=(0, 0.62), xlabel="$y$", xticks=edges
        )
        axes.spines.left.set_visible(False)
        for edge in edges:
            axes.axvline(edge, color=INK, lw=0.6, alpha=0.35)
    return figure


def _smooth(x: np.ndarray) -> np.ndarray:
    """A density with about the probability of each level in its bin."""
    return 0.365 * np.exp(-0.5 * ((x - 2.56) / 1.06) ** 2)
