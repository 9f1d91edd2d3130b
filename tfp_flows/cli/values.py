"""Python expressions on a command line: literals, and parts of this package."""

import ast
import math
import textwrap
from typing import Any

from tfp_flows import nets, partitions, transforms

_ROOMS = {"nets": nets, "partitions": partitions, "transforms": transforms}
_WANTED = "a literal, or a class of `nets`, `partitions` or `transforms` called with such"


def evaluated(text: str) -> Any:
    """The value of an expression, of which nothing but classes of this package is called.

    A word that is no expression is a string: `convolution=full` needs no quotes.

    Raises:
      ValueError: if it is something else.

    Example:
      >>> from tfp_flows.cli.values import evaluated
      >>> evaluated("(1, 2.5)"), evaluated("-3"), evaluated("full")
      ((1, 2.5), -3, 'full')
      >>> evaluated("nets.MLP((64, 64), dropout=0.2)").dropout
      0.2
    """
    if text.isidentifier() and text not in ("None", "True", "False", "inf"):
        return text
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _value(tree)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"must be {_WANTED}; got {textwrap.shorten(text, 80)!r}") from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        positional = [_value(argument) for argument in node.args]
        keywords = {_name(keyword): _value(keyword.value) for keyword in node.keywords}
        return _class(node.func)(*positional, **keywords)
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Name) and node.id == "inf":
        return math.inf
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise ValueError(f"must be {_WANTED}; got {ast.unparse(node)!r}") from error


def _class(node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        room = _ROOMS.get(node.value.id)
        if room is not None and node.attr in room.__all__:
            return getattr(room, node.attr)
    raise ValueError(f"must be {_WANTED}; got {ast.unparse(node)!r}")


def _name(keyword: ast.keyword) -> str:
    if keyword.arg is None:
        raise ValueError(f"must be {_WANTED}; got '**'")
    return keyword.arg
