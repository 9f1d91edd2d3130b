import importlib
import pathlib

import numpy as np
import pytest
import tensorflow as tf

PATH = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark_called(monkeypatch):
    monkeypatch.syspath_prepend(PATH)
    return importlib.import_module


def parameters_after_a_step(benchmark, x):
    counts = {}
    for name, make in benchmark.MODELS.items():
        loss, variables = make()
        step = benchmark.train_step(loss, variables)
        assert np.isfinite(step(x))
        counts[name] = sum(int(np.prod(variable.shape)) for variable in variables)
    return counts


@pytest.mark.slow
def test_every_row_of_the_coupling_benchmark_trains_as_many_parameters(benchmark_called):
    benchmark = benchmark_called("coupling_cost")
    counts = parameters_after_a_step(benchmark, tf.ones([4, benchmark.SIZE]))
    assert len(set(counts.values())) == 1


def test_the_rows_of_the_glow_benchmark_have_the_same_networks(benchmark_called, monkeypatch):
    benchmark = benchmark_called("glow_cost")
    for name, value in {"LEVELS": 2, "STEPS": 1, "FILTERS": 4, "BATCH": 2}.items():
        monkeypatch.setattr(benchmark, name, value)
    counts = parameters_after_a_step(benchmark, benchmark.make_images())
    # Beside the networks: actnorm and the 1x1 convolution, at 12 and at 24 channels.
    extra = counts["tfp_flows"] - counts["bare networks, chained"]
    assert extra == sum(2 * c + c * c for c in (12, 24))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Of Keras.
def test_the_benchmark_of_miniboone_trains(benchmark_called, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("val", "test"):
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(600, 43)))
    benchmark = benchmark_called("miniboone")
    fitted, test = benchmark.read(tmp_path)
    gaussian = benchmark.gaussian_scores(fitted.values, test.values)
    entropy = 43 / 2 * np.log(2 * np.pi * np.e)
    assert gaussian.mean() == pytest.approx(-entropy, abs=3.0)
    model = benchmark.train(fitted, epochs=1, seed=0)
    scores = model.predict(test.values, verbose=0)
    assert scores.mean() == pytest.approx(-entropy, abs=6.0)
