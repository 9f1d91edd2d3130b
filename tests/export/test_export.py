"""SavedModels serve a flow where this package is not installed."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, export, flows, nets

tfd, tfb = tfp.distributions, tfp.bijectors


def _base(size, dtype=np.float32):
    return tfd.Sample(tfd.Normal(dtype(0), dtype(1)), [size])


def _vectors():
    return flows.coupling_flow((3,), num_couplings=2, net=nets.MLP((4,), zero_init=False))


def _images():
    net = nets.ConvResNet(2, 1, dropout=0.5, zero_init=False)
    return flows.coupling_flow((4, 4, 1), num_couplings=1, net=net)


def _conditional():
    net = nets.MLP((4,), zero_init=False)
    return flows.coupling_flow((3,), num_couplings=1, net=net, context_shape=(2,))


def _float64():
    halves = tfp_flows.partitions.Halves()
    net = nets.MLP((4,), dtype="float64", zero_init=False)((1,), (2,), 2)
    coupling = bijectors.AffineCoupling(halves, net, event_shape=(3,))
    return tfd.TransformedDistribution(_base(3, np.float64), bijectors.Chain([coupling]))


def _stock_flow():
    made = tfb.AutoregressiveNetwork(2, event_shape=[3], hidden_units=[6], activation="tanh")
    return tfd.TransformedDistribution(_base(3), tfb.MaskedAutoregressiveFlow(made))


def _stock():
    logits, places = tf.Variable([0.1, -0.2]), tf.Variable([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    normal = tfd.Independent(tfd.Normal(places, 1.0), 1)
    return tfd.MixtureSameFamily(tfd.Categorical(logits=logits), normal)


KINDS = {
    make.__name__[1:]: make
    for make in (_vectors, _images, _conditional, _float64, _stock_flow, _stock)
}

# TensorFlow 2.21 fails on convolutions of an empty batch in a graph, in any Keras model.
CASES = [(name, size) for name in KINDS for size in (1, 7, 0) if size or name != "images"]

SCRIPT = """
import sys
sys.modules["tfp_flows"] = None
import numpy as np, tensorflow as tf
for path in sys.argv[1:]:
    given, loaded = dict(np.load(path + "/given.npz")), tf.saved_model.load(path)
    context = [given["context"]] if "context" in given else []
    out = {}
    for size in (1, 7, 0) if "images" not in path else (1, 7):
        part, known = given["x"][:size], [value[:size] for value in context]
        out[f"log_prob_{size}"] = loaded.log_prob(part, *known)
        out[f"sample_{size}"] = loaded.sample(size, 5, *known)
        if hasattr(loaded, "encode"):
            out[f"encode_{size}"] = z = loaded.encode(part, *known)
            out[f"decode_{size}"] = loaded.decode(z, *known)
    known = [value[:4] for value in context]
    out["again"], out["other"] = loaded.sample(4, 5, *known), loaded.sample(4, 6, *known)
    out["first"] = loaded.sample(4, 5, *known)
    np.savez(path + "/got.npz", **out)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Each kind with what it was given, and what a process without this package answered."""
    root = tmp_path_factory.mktemp("served")
    made = {}
    for name, make in KINDS.items():
        flow = make()
        given = {"x": np.random.default_rng(0).normal(size=(7, *flow.event_shape))}
        if name == "conditional":
            given["context"] = np.random.default_rng(1).normal(size=(7, 2))
        given = {k: v.astype(flow.dtype.as_numpy_dtype) for k, v in given.items()}
        flow.log_prob(given["x"], **_kwargs(given))
        export.save(flow, root / name)
        np.savez(root / name / "given.npz", **given)
        made[name] = flow, given
    paths = [str(root / name) for name in made]
    subprocess.run([sys.executable, "-c", SCRIPT, *paths], check=True, cwd=pathlib.Path("/"))
    return {name: (*pair, dict(np.load(root / name / "got.npz"))) for name, pair in made.items()}


def _kwargs(given, size=7):
    if "context" not in given:
        return {}
    return {"bijector_kwargs": {"context": given["context"][:size]}}


@pytest.mark.parametrize(("name", "size"), CASES)
def test_densities_and_samples_are_those_of_the_flow(name, size, served):
    flow, given, got = served[name]
    wanted = flow.log_prob(given["x"][:size], **_kwargs(given, size))
    assert got[f"log_prob_{size}"].dtype == flow.dtype.as_numpy_dtype
    np.testing.assert_allclose(got[f"log_prob_{size}"], wanted, rtol=1e-5, atol=1e-5)
    seed = tf.constant([0, 5])
    wanted = flow.sample(size, seed=seed, **_kwargs(given, size))
    np.testing.assert_allclose(got[f"sample_{size}"], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_gives_the_same_samples_and_another_gives_others(name, served):
    _, _, got = served[name]
    np.testing.assert_array_equal(got["first"], got["again"])
    assert np.abs(got["first"] - got["other"]).max() > 1e-3


@pytest.mark.parametrize(("name", "size"), [case for case in CASES if case[0] != "stock"])
def test_decode_undoes_encode(name, size, served):
    flow, given, got = served[name]
    x, kwargs = given["x"][:size], _kwargs(given, size).get("bijector_kwargs", {})
    wanted = flow.bijector.inverse(x, **kwargs)
    np.testing.assert_allclose(got[f"encode_{size}"], wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got[f"decode_{size}"], x, rtol=1e-4, atol=1e-4)


def test_a_distribution_without_a_bijector_has_no_encode(served):
    assert not any("code" in key for key in served["stock"][2])
