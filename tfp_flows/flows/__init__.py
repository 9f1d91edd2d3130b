"""One call, one flow: functions that return a `tfd.TransformedDistribution`, or noise for one."""

from tfp_flows.flows import presets
from tfp_flows.flows.coupling_flow import coupling_flow
from tfp_flows.flows.flowpp import flowpp
from tfp_flows.flows.flowpp_noise import flowpp_noise
from tfp_flows.flows.glow import glow
from tfp_flows.flows.nice import nice
from tfp_flows.flows.realnvp import realnvp

__all__ = ["coupling_flow", "flowpp", "flowpp_noise", "glow", "nice", "presets", "realnvp"]
