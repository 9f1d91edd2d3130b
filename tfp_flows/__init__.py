"""Normalizing flows that are TensorFlow Probability bijectors."""

from tfp_flows import (
    bijectors,
    data,
    distributions,
    export,
    flows,
    latents,
    nets,
    partitions,
    phases,
    testing,
    training,
    transforms,
)
from tfp_flows.training import FlowModel

__version__ = "0.1.0"

__all__ = [
    "FlowModel",
    "bijectors",
    "data",
    "distributions",
    "export",
    "flows",
    "latents",
    "nets",
    "partitions",
    "phases",
    "testing",
    "training",
    "transforms",
]
