"""What cannot run is refused before anything does."""

import sys

import numpy as np
import pytest

from tfp_flows import export, flows


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "labelled"
    export.save(flows.coupling_flow((2,), num_couplings=1, num_classes=3), path)
    return path


@pytest.fixture
def imported():
    reason = "`apache-beam` is not installed: extra `beam`."
    return pytest.importorskip("apache_beam", reason=reason)


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(
    ("signature", "given", "message"),
    [
        ("density", None, r"one of \[.*'log_prob'.*\]; got 'density'"),
        ("log_prob", {"label": 1}, r"\['context', 'x'\].*; got \['label'\]"),
        ("log_prob", {"x": [[0, 0]], "context": [[1, 0, 0]]}, "at least one for the elements"),
        ("log_prob", {"context": [1, 0, 0]}, r"shape \(None, 3\); got \(3,\)"),
        ("log_prob", {"context": np.eye(3)}, r"one 'context' for all rows.*shape \(3, 3\)"),
        ("sample", {"count": 1.5, "temperature": 1.0}, "finite, as int32; got 1.5"),
        ("sample", {"temperature": np.nan}, "finite, as float32; got nan"),
        ("sample", {"count": None}, "`count` must be numbers"),
    ],
)
def test_signature_and_given(path, signature, given, message):
    with pytest.raises(ValueError, match=message):
        export.run_signature(path, signature, given=given)


@pytest.mark.usefixtures("imported")
def test_no_model(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        export.run_signature(tmp_path / "nowhere")


def test_no_beam(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(ImportError, match=r"pip install tfp_flows\[beam\]"):
        export.run_signature(path)
