"""Signatures over elements with keys, on Beam's local runner."""

import base64
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import distributions, export, flows

beam = pytest.importorskip("apache_beam", reason="`apache-beam` is not installed: extra `beam`.")

X = np.random.default_rng(0).normal(size=[40, 2]).astype(np.float32)
BAD = {
    "short": ([0.3], r"`x` must have shape \(2,\); got \(1,\)"),
    "ragged": ([[0.3], 0.1], "inhomogeneous"),
    "nan": ([np.nan, 0.1], "`x` must be finite, as float32; got nan"),
    "large": ([1e39, 0.1], r"finite, as float32; got 1e\+39"),
    "text": (["0.1", "0.2"], "`x` must be numbers; got <U3"),
    "none": (None, "`x` must be numbers; got object"),
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """SavedModels of a plain, a conditional and an integer flow, and the flows."""
    made = {
        "plain": flows.coupling_flow((2,), num_couplings=2),
        "labelled": flows.coupling_flow((2,), num_couplings=1, num_classes=3),
    }
    real = flows.coupling_flow((2,), num_couplings=1, logit_alpha=0.05)
    made["integers"] = distributions.Dequantized(real, 256)
    folder = tmp_path_factory.mktemp("models")
    for name, flow in made.items():
        for i, variable in enumerate(flow.trainable_variables):
            variable.assign_add(0.1 * tf.random.stateless_normal(variable.shape, [i, 1]))
        export.save(flow, folder / name)
    return folder, made


@pytest.fixture
def run(tmp_path):
    """Runs the transform over `{key: element}`; gives `done`, `refused` and the metrics."""

    def run(elements, transform, num_workers=1):
        flags = [f"--direct_num_workers={num_workers}", "--direct_running_mode=multi_threading"]
        options = beam.options.pipeline_options.PipelineOptions(flags)
        pipeline = beam.Pipeline("FnApiRunner", options=options)
        build(pipeline, elements, transform, tmp_path)
        result = pipeline.run()
        result.wait_until_finish()
        return read(tmp_path, "done"), read(tmp_path, "refused"), result.metrics()

    return run


def build(pipeline, elements, transform, folder):
    outputs = pipeline | beam.Create(list(elements.items())) | transform
    for name in ("done", "refused"):
        lines = outputs[name] | f"Pickle {name}" >> beam.Map(
            lambda element: base64.b64encode(pickle.dumps(element)).decode()
        )
        _ = lines | f"Write {name}" >> beam.io.WriteToText(str(folder / name))


def read(folder, name):
    lines = [line for path in folder.glob(f"{name}-*") for line in path.read_bytes().split()]
    rows = [pickle.loads(base64.b64decode(line)) for line in lines]
    assert len({key for key, *_ in rows}) == len(rows), "a key came twice"
    return {key: rest[0] if name == "done" else rest for key, *rest in rows}


def test_rows_get_densities_and_bad_ones_cost_no_others(paths, run, monkeypatch):
    folder, made = paths
    loads, load = [], tf.saved_model.load
    monkeypatch.setattr(tf.saved_model, "load", lambda path: loads.append(path) or load(path))
    transform = export.run_signature(folder / "plain", min_batch_size=4, max_batch_size=8)
    elements = {("row", i): row for i, row in enumerate(X)}
    elements |= {key: row for key, (row, _) in BAD.items()}
    done, refused, metrics = run(elements, transform, num_workers=2)
    # Once for the names of the inputs, and once for two workers of one process.
    assert len(loads) == 2
    assert {type(value) for value in done.values()} == {float}
    np.testing.assert_allclose(
        [done["row", i] for i in range(len(X))], made["plain"].log_prob(X), rtol=1e-5, atol=1e-5
    )
    assert refused.keys() == BAD.keys()
    for key, (row, reason) in refused.items():
        np.testing.assert_equal(row, BAD[key][0])
        assert re.search(BAD[key][1], reason), reason
    (sizes,) = [
        found.committed
        for found in metrics.query()["distributions"]
        if found.key.metric.name == "inference_request_batch_size"
    ]
    assert 4 <= sizes.max <= 8


def test_levels_that_the_flow_refuses_are_found_among_others(paths, run):
    levels = {i: [i, 255 - i] for i in range(20)}
    bad = {"high": [0, 300], "half": [0.5, 1], "huge": [2**33, 0], "nan": [np.nan, 0]}
    transform = export.run_signature(
        paths[0] / "integers", given={"seed": 7}, min_batch_size=24, max_batch_size=24
    )
    done, refused, _ = run({**levels, **bad}, transform)
    assert done.keys() == levels.keys()
    assert np.isfinite(list(done.values())).all()
    reasons = {key: reason for key, (_, reason) in refused.items()}
    assert "levels in 0..255" in reasons.pop("high")
    assert reasons == {
        "half": "`x` must be finite, as int32; got 0.5.",
        "huge": "`x` must be finite, as int32; got 8589934592.",
        "nan": "`x` must be finite, as int32; got nan.",
    }


def test_contexts_come_with_the_rows_or_are_given(paths, run):
    folder, made = paths
    classes = np.arange(len(X)) % 3
    context = np.eye(3)[classes]
    elements = {i: {"x": x, "context": c} for i, (x, c) in enumerate(zip(X, context, strict=True))}
    without = {"none": {"x": X[0]}, "row": X[0]}
    done, refused, _ = run({**elements, **without}, export.run_signature(folder / "labelled"))
    want = made["labelled"].log_prob(X, bijector_kwargs={"context": classes})
    np.testing.assert_allclose([done[i] for i in range(len(X))], want, rtol=1e-5, atol=1e-5)
    assert refused["none"][1] == "The element must be a dict with ['context', 'x']; got ['x']."
    assert refused["row"][1] == "The element must be a dict with ['context', 'x']; got ndarray."
    transform = export.run_signature(folder / "labelled", "encode", given={"context": context[:1]})
    done, _, _ = run(dict(enumerate(X)), transform)
    model = tf.saved_model.load(str(folder / "labelled"))
    z = model.encode(X, context[:1])
    np.testing.assert_allclose([done[i] for i in range(len(X))], z, rtol=1e-5, atol=1e-5)


def test_a_seed_gives_its_samples_wherever_it_is_drawn(paths, run):
    model = tf.saved_model.load(str(paths[0] / "plain"))
    given = {"count": 5, "temperature": 0.7}
    transform = export.run_signature(paths[0] / "plain", "sample", given=given)
    done, refused, _ = run({f"s{seed}": seed for seed in range(7)}, transform, num_workers=2)
    assert refused == {}
    for seed in range(7):
        np.testing.assert_array_equal(done[f"s{seed}"], model.sample(5, seed, 0.7))


def test_a_block_with_its_seed_has_the_same_bounds_everywhere(paths, run):
    model = tf.saved_model.load(str(paths[0] / "integers"))
    blocks = {i: {"x": np.full([3, 2], i), "seed": 10 + i} for i in range(4)}
    done, _, _ = run(blocks, export.run_signature(paths[0] / "integers"))
    for i, block in blocks.items():
        np.testing.assert_allclose(done[i], model.log_prob(**block), rtol=1e-6)


ALONE = """
import sys
sys.modules.update(dict.fromkeys(("keras", "tf_keras", "tensorflow_probability", "tfp_flows")))
import apache_beam as beam
from apache_beam.portability.api import beam_runner_api_pb2
proto = beam_runner_api_pb2.Pipeline.FromString(open(sys.argv[1], "rb").read())
options = beam.options.pipeline_options.PipelineOptions([])
runner = beam.runners.runner.create_runner("FnApiRunner")
beam.Pipeline.from_runner_api(proto, runner, options).run().wait_until_finish()
"""


@pytest.mark.slow
def test_workers_do_without_this_package(paths, tmp_path):
    pipeline = beam.Pipeline("FnApiRunner")
    elements = {**dict(enumerate(X)), "bad": [0.3]}
    build(pipeline, elements, export.run_signature(paths[0] / "plain"), tmp_path)
    (tmp_path / "pipeline").write_bytes(pipeline.to_runner_api().SerializeToString())
    subprocess.run([sys.executable, "-I", "-c", ALONE, tmp_path / "pipeline"], check=True)
    assert list(read(tmp_path, "refused")) == ["bad"]
    done = read(tmp_path, "done")
    want = paths[1]["plain"].log_prob(X)
    np.testing.assert_allclose([done[i] for i in range(len(X))], want, rtol=1e-5, atol=1e-5)
