"""A full disk is told with the path, and nothing is lost that was saved before."""

import errno
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, data, flows, nets, training
from tfp_flows.ops import files

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def _contents(run):
    return {path.relative_to(run): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def _fill(patch, name):
    """The disk is full when a file of that name comes to it, as delayed allocation has it."""
    flush = files._flush

    def full(file):
        if name in file.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(file)

    patch.setattr(files, "_flush", full)


@pytest.mark.parametrize(
    "where",
    [
        "backup/epoch_000002.keras",
        pytest.param("result.json", marks=pytest.mark.slow),
        pytest.param("log.csv", marks=pytest.mark.slow),
        pytest.param("samples/samples.csv", marks=pytest.mark.slow),
    ],
)
def test_a_run_loses_nothing_and_goes_on(call, stopped, finished_run, monkeypatch, where):
    before = _contents(stopped)
    with monkeypatch.context() as patch:
        _fill(patch, where.rpartition("/")[2])
        code, _, err = call("train", "--resume", stopped)
    assert code == 1
    assert err == f"tfp-flows: error: {stopped / where}: No space left on device\n"
    assert not list(stopped.rglob(".*"))
    after = _contents(stopped)
    # The older of the two backups has had its time where the third was written.
    assert set(before) - set(after) <= {path for path in before if path.parts[0] == "backup"}
    assert any(path.parts[0] == "backup" for path in after)
    assert call("train", "--resume", stopped)[0] == 0
    log, wanted = ((run / "log.csv").read_text().split() for run in (stopped, finished_run))
    for row, other in zip(log, wanted, strict=True):
        assert row.split(",")[2:] == other.split(",")[2:]


@pytest.mark.slow
def test_a_model_that_is_too_large_leaves_the_run_as_it_was(call, stopped, files_of_at_most):
    before = _contents(stopped)
    with files_of_at_most(4000):
        code, _, err = call("train", "--resume", stopped)
    assert code == 1
    assert err.startswith(f"tfp-flows: error: {stopped}/")
    assert err.endswith("File too large\n")
    after = _contents(stopped)
    assert {path for path in before if before[path] != after[path]} <= {pathlib.Path("log.csv")}
    assert set(after) == set(before)
    assert call("train", "--resume", stopped)[0] == 0


def test_a_new_run_says_which_file(call, options, tmp_path, files_of_at_most):
    with files_of_at_most(200):
        code, _, err = call(*options, "--run", tmp_path / "run")
    assert code == 1
    assert f"{tmp_path / 'run' / 'config.json'}: File too large\n" in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["s.csv", "s.npy"])
def test_samples_and_exports(call, finished, tmp_path, files_of_at_most, name):
    before = _contents(finished)
    (tmp_path / name).write_text("before")
    with files_of_at_most(2000):
        code, _, err = call("sample", finished, "-n", 5000, "--output", tmp_path / name)
        assert (code, err) == (1, f"tfp-flows: error: {tmp_path / name}: File too large\n")
        code, _, err = call("export", finished, tmp_path / "out")
    assert (code, f"{tmp_path / 'out'}: File too large" in err) == (1, True)
    assert (tmp_path / name).read_text() == "before"
    assert _contents(finished) == before
    assert sorted(os.listdir(tmp_path)) == ["finished", name]


def _fit(directory, epochs):
    model = FlowModel(flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((64,))))
    model.compile()
    backup = training.Backup(directory, delete=False)
    model.fit(np.ones([64, 2], np.float32), epochs=epochs, callbacks=backup, verbose=0)


def test_a_backup_of_fit(tmp_path, files_of_at_most):
    _fit(tmp_path / "backup", 1)
    before = _contents(tmp_path)
    with files_of_at_most(10_000), pytest.raises(OSError, match="File too large") as caught:
        _fit(tmp_path / "backup", 2)
    assert caught.value.filename == str(tmp_path / "backup" / "epoch_000002.keras")
    assert _contents(tmp_path) == before


def test_a_cache(tmp_path, files_of_at_most):
    images = tf.data.Dataset.range(100).map(lambda i: tf.fill([32, 32, 1], tf.cast(i, tf.uint8)))
    args = {"batch_size": 100, "shuffle": False, "dequantize": False, "cache": tmp_path / "cache"}
    with files_of_at_most(50_000), pytest.raises(OSError, match=r"got .*/cache-\w+: .*[Ll]arge"):
        data.images(images, **args)
    assert os.listdir(tmp_path) == []
    assert next(iter(data.images(images, **args))).shape == (100, 32, 32, 1)


# HDF5 itself ends the process then, which is why backups are made in memory.
SCRIPT = """
import resource, sys
import h5py, numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
file = h5py.File(sys.argv[1], "w")
try:
    for i in range(8):
        file.create_group(f"{i}/vars")["0"] = np.zeros(1000)
    file.close()
except (OSError, RuntimeError):
    pass
"""


@pytest.mark.slow
def test_hdf5_on_a_full_disk_ends_the_process(tmp_path):
    code = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "w.h5"], check=False, stderr=subprocess.DEVNULL
    ).returncode
    assert code != 0
