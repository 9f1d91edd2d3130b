"""One call, one flow: functions that return a `tfd.TransformedDistribution`."""

from tfp_flows.flows.coupling_flow import coupling_flow
from tfp_flows.flows.recipe import Recipe, recipe_of

__all__ = ["Recipe", "coupling_flow", "recipe_of"]
