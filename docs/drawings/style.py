"""Colours and sizes of all drawings."""

INK = "#010203"  # Becomes the colour of the text.
PAPER = "#fcfdfe"  # Becomes that of the page.
MONO = "DejaVu Sans Mono"
KEPT, MOVED = "#0072b2", "#d55e00"  # Okabe and Ito's blue and vermilion.

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
