"""Each script of the gallery runs and draws something."""

import pathlib
import runpy

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
plt = pytest.importorskip("matplotlib.pyplot")

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("plot_*.py"))
QUICK = {"plot_jacobian", "plot_squeeze"}


@pytest.fixture(autouse=True)
def fresh_matplotlib(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    with matplotlib.rc_context():
        yield
        plt.close("all")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in SCRIPTS]
)
def test_script_draws(name):
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert 1 <= len(figures) <= 2
    for figure in figures:
        figure.canvas.draw()
        picture = np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255
        assert picture.std() > 0.05, f"{name} draws a blank"
        for axes in figure.axes:
            assert axes.has_data(), f"{name} leaves axes empty"


def test_scripts_are_pages():
    """As sphinx-gallery wants them: a docstring with a title, and no arguments."""
    assert SCRIPTS
    for name in SCRIPTS:
        lines = (EXAMPLES / f"{name}.py").read_text().splitlines()
        assert lines[0].startswith('"""'), name
        assert set(lines[1]) == {"="}, name
        assert len(lines[1]) >= len(lines[0]) - 3, name
        assert not any("argparse" in line or "savefig" in line for line in lines), name
