"""Formulas as SVG inside of the page: they need neither scripts nor a network, TeX nor fonts."""

import html
import re
from typing import Any

import ziamath
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

SIZE = 17.6  # Pixels: STIX looks smaller than the fonts around it, at 16.


def picture(formula: str, node: nodes.Element, *, inline: bool) -> str:
    """One formula as an `svg` element, in the colour of the text around it."""
    try:
        drawn = ziamath.Latex(formula, size=SIZE, inline=inline)
    except Exception as error:  # Of another kind for each thing that a formula can lack.
        text = f"formula {formula!r} cannot be drawn: {type(error).__name__}: {error}"
        logging.getLogger(__name__).warning(text, location=node)
        return f"<code>{html.escape(formula)}</code>"
    label = f'<svg class="formula" role="img" aria-label="{html.escape(formula)}"'
    if inline:
        label += f' style="vertical-align: {drawn.getyofst():.2f}px"'
    svg = drawn.svg().replace("<svg", label, 1)
    # Glyphs are black where nothing else is said.
    return re.sub(r"(?<=(?:fill|roke)=\")black(?=\")", "currentColor", svg)


def visit_inline(translator: Any, node: nodes.math) -> None:
    """`$...$`."""
    translator.body.append(picture(node.astext(), node, inline=True))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """`$$...$$`."""
    drawn = picture(node.astext(), node, inline=False)
    translator.body.append(f'<div class="formula-block">{drawn}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Offers it to `html_math_renderer`."""
    app.add_html_math_renderer("svg", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
