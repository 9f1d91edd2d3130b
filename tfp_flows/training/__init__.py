"""Training with Keras 3."""

from tfp_flows.training.callbacks import (
    Backup,
    ImportanceWeightedValidation,
    Rollback,
    SampleGrid,
)
from tfp_flows.training.fault import NonFiniteError
from tfp_flows.training.initialize import initialize
from tfp_flows.training.model import FlowModel
from tfp_flows.training.variational import VariationalModel

__all__ = [
    "Backup",
    "FlowModel",
    "ImportanceWeightedValidation",
    "NonFiniteError",
    "Rollback",
    "SampleGrid",
    "VariationalModel",
    "initialize",
]
