"""The triangle, drawn."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from drawings.style import INK, KEPT, MOVED

KEPT_SIZE, SIZE = 4, 8


def draw() -> Figure:
    """Rows are the entries of z, columns those of x; an empty cell is zero."""
    figure = Figure(figsize=(7.4, 3.55))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-3.0, 17.2), ylim=(SIZE + 0.2, -1.3), aspect="equal")
    axes.axis("off")
    for row, column in np.ndindex(SIZE, SIZE):
        color, alpha = None, 1.0
        if row == column:
            color = KEPT if row < KEPT_SIZE else MOVED
        elif row >= KEPT_SIZE > column:
            color, alpha = INK, 0.22
        axes.add_patch(
            Rectangle((column, row), 1, 1, edgecolor=INK, facecolor="none", lw=0.3, alpha=0.5)
        )
        if color:
            patch = Rectangle(
                (column + 0.08, row + 0.08), 0.84, 0.84, color=color, alpha=alpha, lw=0
            )
            axes.add_patch(patch)
    for start, name, color in ((0, "kept", KEPT), (KEPT_SIZE, "moved", MOVED)):
        middle = start + KEPT_SIZE / 2
        axes.text(middle, -0.3, f"$x$ {name}", ha="center", va="bottom", color=color)
        axes.text(-0.3, middle, f"$z$ {name}", ha="right", va="center", color=color)
    right = SIZE + 0.5
    axes.text(right, 2, "ones: kept entries stay", va="center", color=KEPT)
    axes.text(right, 5.0, "anything: what the net says\nof the kept entries", va="center")
    axes.text(right, 6.9, "slopes, one for each\nmoved entry", va="center", color=MOVED)
    return figure
