"""The page and the example that score rows by a pipeline run as they are."""

import pathlib
import re
import runpy

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="`apache-beam` is not installed: extra `beam`.")

ROOT = pathlib.Path(__file__).parents[2]


def written(folder):
    return {
        name: [line for path in folder.glob(f"{name}-*") for line in path.read_text().splitlines()]
        for name in ("densities", "refused", "samples")
    }


@pytest.mark.slow
def test_the_page_is_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "how-to" / "export-and-serve.md").read_text()
    first, *others = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (block,) = [block for block in others if "apache_beam" in block]
    namespace = {}
    for code in first, block:
        exec(code, namespace)
    lines = written(tmp_path)
    assert [len(lines[name]) for name in lines] == [1000, 2, 4000]
    densities = dict(line.split(",") for line in lines["densities"])
    x = np.float32([row for _, row in namespace["rows"]])
    found = [float(densities[key]) for key, _ in namespace["rows"]]
    np.testing.assert_allclose(found, namespace["flow"].log_prob(x), rtol=1e-5, atol=1e-5)


@pytest.mark.slow  # The page runs the same.
def test_the_example_writes_its_files(tmp_path):
    example = runpy.run_path(str(ROOT / "examples" / "score_with_beam.py"))
    files = {"model": None, "rows": None, "output": str(tmp_path)}
    example["main"](**files, epochs=1, num_rows=500, beam_args=[])
    lines = written(tmp_path)
    assert [len(lines[name]) for name in lines] == [500, 3, 10_000]
    assert any(line.startswith("missing,`x` must be numbers") for line in lines["refused"])
