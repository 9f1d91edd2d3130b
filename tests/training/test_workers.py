"""Several processes train one model, as one device would with the batches of all."""

import importlib.util
import pathlib
import signal

import numpy as np
import pytest
import tensorflow as tf

SCRIPT = pathlib.Path(__file__).with_name("worker.py")
spec = importlib.util.spec_from_file_location("worker", SCRIPT)
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)

# A minute on two cores: seven processes that import TensorFlow.
pytestmark = pytest.mark.slow


def read(folder, task, count):
    """The logs and weights of a task, which are the same in all workers."""
    results = [dict(np.load(folder / f"{task}-{index}.npz")) for index in range(count)]
    for other in results[1:]:
        for key, value in results[0].items():
            np.testing.assert_array_equal(value, other[key], err_msg=f"{task} {key}")
    return results[0]


def assert_same(got, model, logs):
    for key, value in logs.items():
        np.testing.assert_allclose(got[key], value, rtol=1e-5, atol=1e-5, err_msg=key)
    for k, wanted in enumerate(model.get_weights()):
        np.testing.assert_allclose(got[f"w{k}"], wanted, atol=1e-5, err_msg=model.weights[k].path)


def test_three_workers_train_like_one_device(run_workers, tmp_path):
    assert run_workers(3, "whole", "shards", "arrays") == [0, 0, 0]
    one = worker.make()
    logs = worker.fit_batches(one, worker.batches_of())
    assert_same(read(tmp_path, "whole", 3), one, logs)
    # A batch of all: those that the workers have at the same time.
    shards = [worker.batches_of((index, 3)) for index in range(3)]
    steps = [
        np.concatenate(parts) for _ in range(worker.EPOCHS) for parts in zip(*shards, strict=True)
    ]
    one = worker.make()
    one.fit(tf.data.Dataset.from_tensor_slices(np.stack(steps)), verbose=0)
    assert_same(read(tmp_path, "shards", 3), one, {})
    one = worker.make()
    logs = worker.fit_arrays(one)
    assert_same(read(tmp_path, "arrays", 3), one, {"predicted": logs["predicted"]})


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_a_killed_worker_ends_all_and_a_new_start_goes_on(run_workers, tmp_path):
    others, killed = run_workers(2, "killed")
    assert killed == -signal.SIGKILL
    assert others != 0
    assert run_workers(2, "restarted") == [0, 0]
    one = worker.make()
    worker.fit_batches(one, worker.batches_of())
    assert_same(read(tmp_path, "restarted", 2), one, {})
