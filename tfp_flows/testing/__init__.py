"""The kit: checks for your own bijectors, and a look inside a flow.

Nothing here needs pytest.
"""

from tfp_flows.testing.diagnose import LayerReport, diagnose
from tfp_flows.testing.valid import Finding, assert_valid_bijector

__all__ = ["Finding", "LayerReport", "assert_valid_bijector", "diagnose"]
