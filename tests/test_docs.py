"""Every example in a docstring, in the README and on the pages runs; what they link to is there."""

import doctest
import importlib
import pathlib
import pkgutil
import re
import subprocess
import sys

import numpy as np
import pytest

import tfp_flows
from tfp_flows import bijectors, data, flows, testing
from tfp_flows.data import load_digits

ROOT = pathlib.Path(__file__).parents[1]
MODULES = [
    name
    for _, name, is_package in pkgutil.walk_packages(tfp_flows.__path__, "tfp_flows.")
    if not is_package
]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

TEXTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "gallery" not in path.parts
}
CODE = {
    page: blocks
    for page in TEXTS
    if (blocks := re.findall(r"```python\n(.*?)```", TEXTS[page], re.S))
}
QUICK = {"README.md", "docs/contributing.md"}
ELSEWHERE = {"docs/how-to/export-and-serve.md"}  # In tests/export, with a server.
CLAIMS = {
    "docs/how-to/train.md": """
import pathlib
assert len(list(pathlib.Path("samples").iterdir())) == 4
assert pathlib.Path("best.keras").is_file()
assert abs(float(log_z) - np.log(2 * np.pi)) < 0.3
"""
}


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


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("page", sorted(QUICK & set(CODE)))
def test_quick_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Enough digits for the first batches.
    images, labels = load_digits("train")
    monkeypatch.setattr(data, "load_digits", lambda *_: (images[:256], labels[:256]))
    namespace = {}
    for block in CODE[page]:
        exec(re.sub(r"epochs=\d+", "epochs=1", block), namespace)


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(set(CODE) - QUICK - ELSEWHERE))
def test_page_runs_in_a_process_of_its_own(page, tmp_path):
    code = "\n".join(CODE[page]) + CLAIMS.get(page, "")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_pages_that_are_named_here_have_code():
    assert len(CODE["README.md"]) >= 2
    assert set(CODE) >= ELSEWHERE | set(CLAIMS)


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_to_files(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", TEXTS[page], flags=re.DOTALL)
    for target in re.findall(r"\]\((?!\w+:)([^)#\s]+)", prose):
        path = (ROOT / page).parent / target
        if path.parent.name == "gallery":  # Made from the examples, when the site is.
            path = ROOT / "examples" / f"{path.stem}.py"
            path = path if path.stem != "index" else path.with_name("README.rst")
        assert path.exists(), f"{page} links to {target}"


@pytest.mark.parametrize("room", [room for room in tfp_flows.__all__ if room != "FlowModel"])
def test_every_public_name_is_on_its_page(room):
    module = getattr(tfp_flows, room)
    names = set(getattr(module, "__all__", ())) or {
        name for name, value in vars(module).items() if _is_public(name, value, module)
    }
    if room == "flows":
        names = names - {"presets"} | set(flows.presets.__all__)
    page = TEXTS[f"docs/reference/{room}.md"]
    shown = set(re.findall(r"^\.\. auto\w+:: (\w+)$", page, re.MULTILINE))
    assert shown == names


def _is_public(name, value, module):
    own = getattr(value, "__module__", None) == module.__name__
    return callable(value) and own and not name.startswith("_")


def test_the_skeleton_of_a_transform_is_valid():
    namespace = {}
    exec((ROOT / "docs/skeletons/transform.py").read_text(), namespace)
    layer = bijectors.Elementwise(namespace["SinhArcsinh"](), (2, 3))
    testing.assert_valid_bijector(layer, (2, 3))
