"""Docstrings as the package writes them, in the words of reStructuredText."""

from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import signature, stringify_signature


def mark_equations(*event: Any) -> None:
    """Text that is set off by a blank line and four spaces is a literal block."""
    *_, lines = event
    last, out = "", []
    for line in lines:
        is_set_off = line.startswith("    ") and out and not out[-1]
        if is_set_off and last and not last.startswith(" ") and last != "..":
            out += [".. code-block:: none", ""]
            last = ".."
        out.append(line)
        if line and not line.startswith("    "):
            last = line
    lines[:] = out


def unwrap_signature(*event: Any) -> tuple[str, str] | None:
    """Keras hides that of a constructor."""
    _, what, _, obj, _, given, _ = event
    if what != "class" or given != "(*args, **kwargs)":
        return None
    own = signature(obj.__init__, bound_method=True)
    return stringify_signature(own, show_annotation=False), ""


def skip_foreign(*event: Any) -> bool | None:
    """Members that TFP or Keras put into our classes are theirs."""
    *_, obj, _, _ = event
    is_foreign = not getattr(obj, "__module__", "tfp_flows").startswith("tfp_flows")
    return True if is_foreign and callable(obj) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Before napoleon, which has a priority of 500."""
    app.connect("autodoc-process-docstring", mark_equations, priority=100)
    app.connect("autodoc-process-signature", unwrap_signature)
    app.connect("autodoc-skip-member", skip_foreign)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
