"""The command line: `tfp-flows train | evaluate | sample | export`."""

from tfp_flows.cli.main import main

__all__ = ["main"]
