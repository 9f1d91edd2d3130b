"""One-call flows remember how they were made, so that a file can say it."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from tfp_flows.nets.backend import global_policy
from tfp_flows.typing import Distribution

_ATTRIBUTE = "_tfp_flows_recipe"


class Recipe(NamedTuple):
    """`getattr(tfp_flows.flows, name)(**arguments)` makes the flow again, with new variables.

    `policy` is the global dtype policy of Keras that networks without a dtype were made under.
    """

    name: str
    arguments: dict[str, Any]
    policy: str


def one_call(function: Callable[..., Distribution]) -> Callable[..., Distribution]:
    """Makes a flow function note its own name and arguments on what it returns."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Distribution:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        policy = global_policy()
        distribution = function(*args, **kwargs)
        # A list is copied, as its owner may change it later.
        arguments = {k: list(v) if isinstance(v, list) else v for k, v in bound.arguments.items()}
        recipe = Recipe(function.__name__, arguments, policy)
        setattr(distribution, _ATTRIBUTE, distribution._no_dependency(recipe))
        return distribution

    return make


def recipe_of(distribution: Distribution) -> Recipe | None:
    """How a one-call flow was made; `None` for a distribution made by hand."""
    return getattr(distribution, _ATTRIBUTE, None)
