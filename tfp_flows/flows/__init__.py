"""One call, one flow: functions that return a `tfd.TransformedDistribution`."""

from tfp_flows.flows.coupling_flow import coupling_flow

__all__ = ["coupling_flow"]
