"""``{drawing} name`` puts what `drawings/name.py` draws into the page.

As SVG in the page itself, drawings have the colours of its text, by day and by night.
"""

import html
import importlib
import io
import pathlib
import re
from typing import Any, ClassVar

import matplotlib as mpl
from docutils import nodes
from docutils.parsers.rst import directives
from drawings.style import IN_CSS, STYLE
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

DRAWINGS = pathlib.Path(__file__).parents[1] / "drawings"


class Drawing(SphinxDirective):
    """A figure; the content is its caption, the option `alt` says it to who does not see it."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Draws."""
        name = self.arguments[0]
        self.env.note_dependency(str(DRAWINGS / f"{name}.py"))
        svg = drawn(name, self.options["alt"])
        figure = nodes.figure("", nodes.raw("", svg, format="html"), classes=["drawing"])
        if self.content:
            caption, _ = self.parse_inline(" ".join(self.content))
            figure += nodes.caption("", "", *caption)
        return [figure]


def drawn(name: str, alt: str) -> str:
    """The drawing as an `svg` element."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = importlib.import_module(f"drawings.{name}").draw()
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    for color, variable in IN_CSS.items():
        svg = svg.replace(color, variable)
    # Ids are those of the page.
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt)}"', 1)


def setup(app: Sphinx) -> dict[str, Any]:
    """Adds the directive."""
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
