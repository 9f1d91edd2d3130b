"""Colours and sizes of all drawings."""

INK = "#010203"
MONO = "DejaVu Sans Mono"
KEPT, MOVED = "#0072b2", "#d55e00"  # Okabe and Ito's blue and vermilion.

IN_CSS = {INK: "currentColor", KEPT: "var(--drawing-kept)", MOVED: "var(--drawing-moved)"}
"""What becomes of the colours in a page, which has a day and a night."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "mathtext.fontset": "stix",
    "svg.fonttype": "path",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
