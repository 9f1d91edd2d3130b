"""Densities: bases that flows push forward, integers under a flow, parts of joint distributions."""

from tfp_flows.distributions.argmax_noise import ArgmaxNoise
from tfp_flows.distributions.dequantized import Dequantized
from tfp_flows.distributions.flow_noise import FlowNoise
from tfp_flows.distributions.marginal import Marginal
from tfp_flows.distributions.noise import Noise
from tfp_flows.distributions.standard_logistic import standard_logistic
from tfp_flows.distributions.standard_normal import standard_normal
from tfp_flows.distributions.uniform_noise import UniformNoise

__all__ = [
    "ArgmaxNoise",
    "Dequantized",
    "FlowNoise",
    "Marginal",
    "Noise",
    "UniformNoise",
    "standard_logistic",
    "standard_normal",
]
