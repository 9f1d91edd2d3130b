"""Small runs, and a way to call the command line."""

import numpy as np
import pytest

from tfp_flows.cli import main

SMALL = ("--flow", "coupling_flow", "--set", "num_couplings=2", "net=nets.MLP((8,))")


@pytest.fixture
def call(capsys):
    """Calls a command in this process: exit code, stdout, stderr."""

    def run(*argv):
        capsys.readouterr()
        try:
            code = main([str(each) for each in argv])
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """A CSV file of two real columns, an integer and a category."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("tables") / "visits.csv"
    lines = ["spent,age,visits,plan"]
    for _ in range(300):
        visits = rng.poisson(2.0)
        spent, age = np.exp(0.3 * visits + 0.3 * rng.normal()), 40 + 10 * rng.normal()
        lines.append(f"{spent:.5f},{age:.4f},{visits},{rng.choice(['basic', 'gold'])}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def options(table):
    """A training of a second on the table, but for `--run` and `--epochs`."""
    return ("train", "--data", table, "--categorical", "plan", "--progress", "none", *SMALL)


@pytest.fixture(scope="session")
def trained(options, tmp_path_factory):
    """A finished run."""
    run = tmp_path_factory.mktemp("runs") / "finished"
    assert main([str(each) for each in (*options, "--run", run, "--epochs", 2)]) == 0
    return run


@pytest.fixture
def pictures(tmp_path):
    """A folder of two folders of grey images of 8x8, dark and bright ones."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    for i, kind in enumerate(["dark", "bright"]):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(30):
            image = rng.integers(120 * i, 120 * i + 100, [8, 8, 1], np.uint8)
            png = tf.io.encode_png(image).numpy()
            (tmp_path / "pictures" / kind / f"{number:02}.png").write_bytes(png)
    return tmp_path / "pictures"
