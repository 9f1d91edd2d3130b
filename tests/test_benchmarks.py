import importlib.util
import pathlib

import numpy as np
import pytest
import tensorflow as tf

PATH = pathlib.Path(__file__).parents[1] / "benchmarks/coupling_cost.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("coupling_cost", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_of_the_benchmark_trains_as_many_parameters(benchmark):
    counts = []
    for make in benchmark.MODELS.values():
        loss, variables = make()
        step = benchmark.train_step(loss, variables)
        assert np.isfinite(step(tf.ones([4, benchmark.SIZE])))
        counts.append(sum(int(np.prod(variable.shape)) for variable in variables))
    assert len(set(counts)) == 1
