"""One list of steps, read both ways."""

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from drawings.style import INK, KEPT, MONO, MOVED

STEPS = ("Squeeze()", "ActNorm(...)", "Coupling(...)")


def draw() -> Figure:
    """Data on the left, as in the list; latents on the right."""
    figure = Figure(figsize=(8.2, 3.0))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-1.35, 10.35), ylim=(-2.05, 2.2))
    axes.axis("off")
    axes.text(
        4.5,
        1.95,
        "Chain([ Squeeze(),  ActNorm(...),  Coupling(...) ])",
        ha="center",
        va="center",
        family=MONO,
        fontsize=11,
    )
    for x, letter, word in ((-0.7, "$x$", "data"), (9.7, "$z$", "latent")):
        axes.text(x, 0.18, letter, ha="center", va="center", fontsize=24)
        axes.text(x, -0.42, word, ha="center", va="center")
    for i, step in enumerate(STEPS):
        box = FancyBboxPatch(
            (3 * i + 0.4, -0.5),
            2.2,
            1.0,
            boxstyle="round,pad=0,rounding_size=0.15",
            fill=False,
            edgecolor=INK,
            linewidth=1.2,
        )
        axes.add_patch(box)
        axes.text(3 * i + 1.5, 0, step, ha="center", va="center", family=MONO, fontsize=10)
    for y, color, ends in ((0.95, KEPT, (-0.3, 9.3)), (-0.95, MOVED, (9.3, -0.3))):
        arrow = FancyArrowPatch(
            (ends[0], y),
            (ends[1], y),
            arrowstyle="-|>",
            mutation_scale=20,
            color=color,
            linewidth=2,
            shrinkA=0,
            shrinkB=0,
        )
        axes.add_patch(arrow)
    axes.text(4.5, 1.2, "inverse: densities, encoding", ha="center", va="bottom", color=KEPT)
    axes.text(4.5, -1.2, "forward: samples, decoding", ha="center", va="top", color=MOVED)
    return figure
