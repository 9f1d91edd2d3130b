"""Callbacks where Keras has none."""

from tfp_flows.training.callbacks.backup import Backup
from tfp_flows.training.callbacks.importance_weighted import ImportanceWeightedValidation
from tfp_flows.training.callbacks.rollback import Rollback
from tfp_flows.training.callbacks.sample_grid import SampleGrid

__all__ = ["Backup", "ImportanceWeightedValidation", "Rollback", "SampleGrid"]
