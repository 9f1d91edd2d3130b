"""The rows of the benchmarks do the same work."""

import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest

PATH = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def imported(monkeypatch):
    monkeypatch.syspath_prepend(PATH)
    return importlib.import_module


def test_every_row_of_the_table_has_an_adapter(imported):
    workloads = imported("workloads")
    for workload in workloads.WORKLOADS.values():
        for row in workload.rows:
            source = (PATH / "adapters" / f"{row.adapter}.py").read_text()
            assert f"\ndef {workload.function}(" in source
            assert row.group in workloads.GROUPS


def _rows_of_tensorflow(imported, workload, *actions):
    """What each row trains, after some calls."""
    counts = {}
    for row in imported("workloads").WORKLOADS[workload].rows:
        if row.group == "TensorFlow":
            adapter = imported(f"adapters.{row.adapter}")
            built = getattr(adapter, imported("workloads").WORKLOADS[workload].function)(
                **row.options
            )
            for action in actions:
                assert np.all(np.isfinite(built.calls[action]()))
            counts[row.name] = built.parameters
    return counts


@pytest.mark.slow
def test_the_rows_of_the_tabular_benchmark_train_as_many_parameters(imported, monkeypatch):
    sizes = imported("sizes")
    monkeypatch.setattr(sizes, "TABULAR", sizes.Tabular(4, 2, (3, 3), 2))
    counts = _rows_of_tensorflow(imported, "tabular", "train", "log_prob", "sample")
    assert len(counts) == 4
    assert set(counts.values()) == {2 * (2 * 3 + 3 + 3 * 3 + 3 + 3 * 4 + 4)}


@pytest.mark.slow
def test_the_rows_of_the_glow_benchmark_have_the_same_networks(imported, monkeypatch):
    sizes = imported("sizes")
    monkeypatch.setattr(sizes, "GLOW", sizes.Glow(8, 2, 1, 4, 2))
    counts = _rows_of_tensorflow(imported, "glow", "train")
    # Beside the networks: actnorm and the 1x1 convolution, at 12 and at 24 channels.
    extra = sum(2 * c + c * c for c in (12, 24))
    assert counts["tfp_flows"] - counts["bare networks, chained"] == extra
    # Each exit of TFP's sees half of the channels.
    exits = sum(9 * c / 2 * c + c for c in (12, 24))
    assert counts["tfb.Glow"] - counts["tfp_flows"] == exits


@pytest.mark.slow
def test_the_rows_of_the_flowpp_benchmark_run(imported, monkeypatch):
    sizes = imported("sizes")
    monkeypatch.setattr(sizes, "FLOWPP", sizes.FlowPP(8, 1, 1, 4, 2))
    counts = _rows_of_tensorflow(imported, "flowpp8", "train", "log_prob", "sample")
    # Beside the networks: actnorm and the 1x1 convolution.
    assert counts["tfp_flows"] > counts["bare networks, chained"]


@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc/self/statm").exists(), reason="needs Linux")
def test_the_benchmark_of_recompute_writes_its_page(tmp_path):
    output = tmp_path / "page.md"
    options = ["--depths", "1", "2", "--depth", "1", "--rounds", "1", "--output", str(output)]
    command = [sys.executable, str(PATH / "memory_cost.py"), *options]
    subprocess.run(command, check=True, capture_output=True)
    rows = [line.split(" | ") for line in output.read_text().splitlines() if line.startswith("|")]
    assert [row[0] for row in rows if "activations" in row] == [
        "| `None`",
        "| `'checkpoint'`",
        "| `'inverse'`",
    ]
