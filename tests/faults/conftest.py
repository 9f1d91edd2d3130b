"""Small runs, runs that SIGTERM stopped, and disks that are full."""

import contextlib
import resource
import shutil
import signal

import numpy as np
import pytest

from tfp_flows.cli import main, recorder

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
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    rows = np.random.default_rng(0).normal(size=(300, 2)) @ [[1.0, 0.5], [0.0, 1.0]]
    np.savetxt(path, rows, "%.4f", ",", header="a,b", comments="")
    return path


@pytest.fixture(scope="session")
def options(table):
    """A training of three epochs of three batches, but for `--run`."""
    return ("train", "--data", table, "--epochs", 3, "--progress", "none", *SMALL)


@pytest.fixture(scope="session")
def finished_run(options, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "finished"
    assert main([str(each) for each in (*options, "--run", run)]) == 0
    return run


def send_in_second_epoch(patch, number):
    """A signal to this process after the second batch of the second epoch."""

    def send(self, batch, logs=None):
        if len(self._rows) == 1 and batch == 1:
            signal.raise_signal(number)

    patch.setattr(recorder.Recorder, "on_train_batch_end", send)


@pytest.fixture(scope="session")
def stopped_run(options, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "stopped"
    with pytest.MonkeyPatch.context() as patch:
        send_in_second_epoch(patch, signal.SIGTERM)
        assert main([str(each) for each in (*options, "--run", run)]) == 128 + signal.SIGTERM
    return run


@pytest.fixture
def finished(finished_run, tmp_path):
    return shutil.copytree(finished_run, tmp_path / "finished")


@pytest.fixture
def stopped(stopped_run, tmp_path):
    return shutil.copytree(stopped_run, tmp_path / "stopped")


@pytest.fixture
def files_of_at_most():
    """No file may be larger, as if the disk were full."""

    @contextlib.contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


def _flipped(content):
    changed = bytearray(content)
    changed[len(content) // 2] ^= 0xFF
    return bytes(changed)


DAMAGES = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "short": lambda content: content[:-1],
    "zeros": lambda content: bytes(len(content)),
    "flipped": _flipped,
}


@pytest.fixture(params=DAMAGES)
def damage(request):
    """Does to a file what a fault does."""
    return lambda file: file.write_bytes(DAMAGES[request.param](file.read_bytes()))
