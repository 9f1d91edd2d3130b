"""SavedModels of flows, and what runs them over data."""

from tfp_flows.export.beam import run_signature
from tfp_flows.export.saved_model import save

__all__ = ["run_signature", "save"]
