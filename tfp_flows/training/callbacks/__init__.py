"""Callbacks where Keras has none."""

from tfp_flows.training.callbacks.rollback import Rollback

__all__ = ["Rollback"]
