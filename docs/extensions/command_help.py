"""``{command-help} train`` shows what `tfp-flows train --help` prints."""

import contextlib
import io
import os
from typing import Any
from unittest import mock

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfp_flows.cli import main


class CommandHelp(SphinxDirective):
    """The help of one command, or of all without an argument."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Asks the command itself."""
        printed = io.StringIO()
        width = mock.patch.dict(os.environ, {"COLUMNS": "88"})
        with width, contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main([*self.arguments, "--help"])
        return [nodes.literal_block("", printed.getvalue(), language="text")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Adds the directive."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
