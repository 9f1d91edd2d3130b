"""The house rules that no linter knows."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FILES = sorted((ROOT / "tfp_flows").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_has_at_most_200_lines(path):
    lines = path.read_text().count("\n")
    assert lines <= 200, f"{path} has {lines} lines: split it by concept"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tfp_flows/flows").glob("*.py")), ids=lambda p: p.name
)
def test_flows_are_written_in_data_order(path):
    reversal = re.search(r"\[::-1\]|reversed\(|Invert\(", path.read_text())
    if path.name == "flowpp_noise.py" and reversal and reversal.group() == "Invert(":
        return  # It makes noise: its steps are in the order N(0, I) meets them.
    assert reversal is None, (
        f"{path.name} has {reversal.group()!r}: list the steps in the order the data meets them"
    )
