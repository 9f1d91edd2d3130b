"""`python -m tfp_flows`: the command line."""

import sys

from tfp_flows.cli import main

if __name__ == "__main__":
    sys.exit(main())
