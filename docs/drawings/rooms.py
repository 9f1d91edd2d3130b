"""The rooms of the package and who may import whom, as import-linter holds it."""

import ast
import pathlib
import re

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from drawings.style import INK, KEPT, MONO, MOVED

ROOT = pathlib.Path(__file__).parents[2]


def layers() -> list[list[str]]:
    """From top to bottom, from the contract in pyproject.toml; private rooms of one file too."""
    text = (ROOT / "pyproject.toml").read_text()
    contract = re.search(r'type = "layers".*?layers = (\[.*?\])', text, re.DOTALL)
    rows = [re.split(r" \| ", row) for row in ast.literal_eval(contract[1])]
    return [row for row in rows if row != ["__main__"]]


def draw() -> Figure:
    """One row a layer; a room imports only rooms below it."""
    rows = layers()
    figure = Figure(figsize=(7.6, 0.52 * len(rows) + 0.3))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.75, 10.1), ylim=(len(rows) - 0.3, -0.7))
    axes.axis("off")
    for y, row in enumerate(rows):
        width = 10 / len(row)
        for i, room in enumerate(row):
            color = MOVED if _imports_keras(room) else KEPT
            style = "round,pad=0,rounding_size=0.12"
            corner = (i * width + 0.05, y - 0.38)
            box = FancyBboxPatch(corner, width - 0.1, 0.76, boxstyle=style)
            box.set(facecolor=color, alpha=0.16, linewidth=0)
            axes.add_patch(box)
            axes.text(
                (i + 0.5) * width, y, room, ha="center", va="center", family=MONO, fontsize=10.5
            )
    axes.annotate(
        "",
        (-0.3, len(rows) - 0.6),
        (-0.3, -0.4),
        arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.2},
    )
    axes.text(-0.42, (len(rows) - 1) / 2, "imports", rotation=90, ha="right", va="center")
    return figure


def _imports_keras(room: str) -> bool:
    path = ROOT / "tfp_flows" / room
    files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    return any(re.search(r"^(import|from) keras\b", f.read_text(), re.MULTILINE) for f in files)
