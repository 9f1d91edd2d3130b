"""Every example in a docstring and in the README runs."""

import doctest
import importlib
import pathlib
import pkgutil
import re

import numpy as np
import pytest

import tfp_flows
from tfp_flows import data
from tfp_flows.data import load_digits

ROOT = pathlib.Path(__file__).parents[1]
MODULES = [
    name
    for _, name, is_package in pkgutil.walk_packages(tfp_flows.__path__, "tfp_flows.")
    if not is_package
]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


# Keras 3.15 saves through NumPy's old `__array__` signature.
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    if name == "tfp_flows.export.beam":
        pytest.importorskip("apache_beam", reason="`apache-beam` is not installed: extra `beam`.")
    # By path, since functions hide the modules they share a name with.
    module = importlib.import_module(name)
    with np.printoptions(legacy="1.25"):
        results = doctest.testmod(module, optionflags=FLAGS, report=True)
    assert results.failed == 0


def test_readme_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) >= 3
    # Enough digits for the first batches.
    images, labels = load_digits("train")
    monkeypatch.setattr(data, "load_digits", lambda *_: (images[:256], labels[:256]))
    namespace = {}
    for block in blocks:
        short = block.replace("epochs=3", "epochs=1, verbose=0, steps_per_epoch=2")
        exec(short.replace("num_samples=16", "num_samples=2"), namespace)
    assert (tmp_path / "digits_flow").is_dir()


# Keras 3.15 saves through NumPy's old `__array__` signature.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_the_page_on_training_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "training.md").read_text()
    namespace = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, namespace)
    assert len(list((tmp_path / "samples").iterdir())) == 4
    assert (tmp_path / "best.keras").is_file()
    assert abs(float(namespace["log_z"]) - np.log(2 * np.pi)) < 0.3
