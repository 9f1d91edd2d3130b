"""Training with Keras 3."""

from tfp_flows.training.callbacks import ImportanceWeightedValidation, Rollback, SampleGrid
from tfp_flows.training.fault import NonFiniteError
from tfp_flows.training.initialize import initialize
from tfp_flows.training.model import FlowModel

__all__ = [
    "FlowModel",
    "ImportanceWeightedValidation",
    "NonFiniteError",
    "Rollback",
    "SampleGrid",
    "initialize",
]
