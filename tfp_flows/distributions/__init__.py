"""Densities: the bases that flows push forward."""

from tfp_flows.distributions.standard_logistic import standard_logistic
from tfp_flows.distributions.standard_normal import standard_normal

__all__ = ["standard_logistic", "standard_normal"]
