"""One call, one flow: functions that return a `tfd.TransformedDistribution`."""

from tfp_flows.flows import presets
from tfp_flows.flows.coupling_flow import coupling_flow
from tfp_flows.flows.glow import glow
from tfp_flows.flows.nice import nice
from tfp_flows.flows.realnvp import realnvp

__all__ = ["coupling_flow", "glow", "nice", "presets", "realnvp"]
