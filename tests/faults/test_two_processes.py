"""Two processes are kept apart where both would write."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import FlowModel, data, flows, nets, training
from tfp_flows.data import caches
from tfp_flows.ops.locks import locked

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
LOCKS = pathlib.Path(tfp_flows.__file__).parent / "ops" / "locks.py"
# Without the package: TensorFlow takes long to start.
HOLD = """
import runpy, sys
with runpy.run_path(sys.argv[1])["locked"](sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold():
    """Has other processes hold locks, and gives them back, killed at the end."""
    processes = []

    def start(path):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, LOCKS, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_second_training_of_a_run_is_refused_with_who_has_it(call, stopped, hold):
    before = {path: path.read_bytes() for path in stopped.rglob("*") if path.is_file()}
    process = hold(stopped / ".lock")
    code, _, err = call("train", "--resume", stopped)
    assert code == 1
    said = f"{stopped}/.lock must not be held by another process; got process {process.pid} on "
    assert said in err
    assert err.count("\n") == 1
    after = {path: path.read_bytes() for path in before}
    assert after == before
    # What only reads goes on.
    assert call("sample", stopped, "-n", 2)[0] == 0


def test_the_lock_of_a_killed_process_is_taken_over(call, stopped, hold):
    process = hold(stopped / ".lock")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert json.loads((stopped / ".lock").read_text())["pid"] == process.pid
    assert call("train", "--resume", stopped)[0] == 0
    assert not (stopped / ".lock").exists()


def test_a_new_run_is_refused_too(call, options, tmp_path, hold):
    (tmp_path / "run").mkdir()
    hold(tmp_path / "run" / ".lock")
    code, _, err = call(*options, "--run", tmp_path / "run")
    assert (code, "must not be held by another process" in err) == (1, True)
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_a_lock_that_says_nothing_is_a_lock(tmp_path, hold):
    hold(tmp_path / ".lock")
    (tmp_path / ".lock").write_bytes(b"\xff[")
    with (
        pytest.raises(BlockingIOError, match="got one that has not said"),
        locked(tmp_path / ".lock"),
    ):
        pass


def test_two_trainings_with_one_backup_directory(tmp_path, hold):
    (tmp_path / "backup").mkdir()
    hold(tmp_path / "backup" / ".lock")
    model = FlowModel(flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((4,))))
    model.compile()
    backup = training.Backup(tmp_path / "backup")
    with pytest.raises(BlockingIOError, match=r"backup/\.lock must not be held"):
        model.fit(np.ones([4, 2], np.float32), callbacks=[backup], verbose=0)


def test_of_many_that_wait_each_has_the_lock_alone(tmp_path):
    path, inside, seen = tmp_path / ".lock", [], []

    def work(number):
        for _ in range(20):
            with locked(path, on_wait=lambda holder: None):
                inside.append(number)
                seen.append(len(inside))
                time.sleep(0.001)
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 100
    assert not path.exists()


def _images(number):
    """As two processes see a source that is slow to read; each image counts how it was read."""

    def read(index):
        number.assign_add(1)
        return tf.fill([4, 4, 1], tf.cast(index, tf.uint8))

    return tf.data.Dataset.range(20).map(read)


def test_a_cache_is_written_by_one_and_read_by_all(tmp_path, hold, caplog):
    reads = tf.Variable(0)
    args = {"batch_size": 20, "shuffle": False, "dequantize": False, "cache": tmp_path / "cache"}
    first = next(iter(data.images(_images(reads), **args)))
    (kept,) = tmp_path.iterdir()
    process = hold(f"{kept}.lock")
    # As if the other process had not come to the end: nothing is there under the name.
    kept.rename(tmp_path / "whole")

    def finish():
        (tmp_path / "whole").rename(kept)
        process.kill()

    timer = threading.Timer(0.5, finish)
    timer.start()
    second = next(iter(data.images(_images(reads), **args)))
    timer.join()
    np.testing.assert_array_equal(first, second)
    assert int(reads) == 20
    assert f"Waits for process {process.pid} on " in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


def test_what_a_killed_process_left_of_a_cache_is_swept(tmp_path, caplog):
    reads = tf.Variable(0)
    args = {"batch_size": 20, "shuffle": False, "dequantize": False, "cache": tmp_path / "cache"}
    first = next(iter(data.images(_images(reads), **args)))
    (kept,) = tmp_path.iterdir()
    (tmp_path / f".{kept.name}.part").mkdir()
    (tmp_path / f".{kept.name}.part" / "images.half").write_bytes(b"x" * 100)
    (file,) = kept.glob("images.data*")
    # TensorFlow would read a cut file as one that ends, or not say which it is.
    os.truncate(file, 100)
    second = next(iter(data.images(_images(reads), **args)))
    np.testing.assert_array_equal(first, second)
    assert f"The cache {kept} is damaged, and is written anew." in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert caches._is_whole(kept)
