"""Links types to where they are public: `tfp_flows.nets.mlp.MLP` is `tfp_flows.nets.MLP`."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import tfp_flows


def names() -> dict[str, str]:
    """Where a name is defined, and where users find it."""
    rooms = [getattr(tfp_flows, room) for room in tfp_flows.__all__]
    return {
        f"{value.__module__}.{value.__qualname__}": f"{room.__name__}.{name}"
        for room in rooms
        for name in getattr(room, "__all__", ())
        if hasattr(value := getattr(room, name), "__qualname__")
    }


def resolve(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, content: nodes.TextElement
) -> nodes.Element | None:
    """The link that Sphinx did not find."""
    public = names().get(node.get("reftarget", ""))
    if node.get("refdomain") != "py" or public is None:
        return None
    python = env.domains.python_domain
    return python.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], public, node, content
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Asks here for what Sphinx does not find."""
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
