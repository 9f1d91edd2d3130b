"""SavedModels of flows."""

from tfp_flows.export.saved_model import save

__all__ = ["save"]
