"""A short run in each test run, always of the same cases, and a long one, now and then.

docs/results/fuzz.md has the command of the long one, and what came of it.
"""

from hypothesis import Phase, settings
from strategies import NUM_CASES

# Without the phase that explains failures: it traces each line of TensorFlow.
PHASES = [Phase.generate, Phase.shrink]
COMMON = {"deadline": None, "database": None, "phases": PHASES}
settings.register_profile("short", max_examples=20, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=4000, print_blob=True, **COMMON)
settings.load_profile("short")


def pytest_terminal_summary(terminalreporter):
    """How many cases there were."""
    if NUM_CASES:
        terminalreporter.write_line(f"fuzz: {sum(NUM_CASES.values()):,} cases")
        for name, count in NUM_CASES.items():
            terminalreporter.write_line(f"  {count:>6} {name}")
