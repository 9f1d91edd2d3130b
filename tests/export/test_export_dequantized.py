"""SavedModels of integers under a flow, where this package is not installed."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import export, flows, nets
from tfp_flows.distributions import ArgmaxNoise, Dequantized, FlowNoise, standard_normal

LEVELS = 16


def _flow(**kwargs):
    net = nets.MLP((4,), zero_init=False)
    return flows.coupling_flow((3,), num_couplings=1, net=net, **kwargs)


KINDS = {
    "uniform": lambda: Dequantized(_flow(logit_alpha=0.05), LEVELS),
    "learned": lambda: Dequantized(
        _flow(logit_alpha=0.05), LEVELS, FlowNoise(_flow(context_shape=(3,)))
    ),
    "many_levels": lambda: Dequantized(_flow(logit_alpha=0.05), 1000),
    "argmax": lambda: Dequantized(standard_normal((3, LEVELS)), LEVELS, ArgmaxNoise()),
    "conditional": lambda: Dequantized(
        _flow(logit_alpha=0.05, num_classes=2), LEVELS, FlowNoise(_flow(context_shape=(3,)))
    ),
}

SCRIPT = """
import sys
sys.modules["tfp_flows"] = None
import numpy as np, tensorflow as tf
for path in sys.argv[1:]:
    given, loaded = dict(np.load(path + "/given.npz")), tf.saved_model.load(path)
    assert not hasattr(loaded, "encode") and not hasattr(loaded, "decode")
    context, out = [given["context"]] if "context" in given else [], {}
    for size in (1, 7, 0):
        part, known = given["x"][:size], [value[:size] for value in context]
        out[f"log_prob_{size}"] = loaded.log_prob(part, 5, *known)
        out[f"weighted_{size}"] = loaded.log_prob_importance_weighted(part, 4, 5, *known)
        out[f"sample_{size}"] = loaded.sample(size, 5, *known)
    np.savez(path + "/got.npz", **out)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root, made = tmp_path_factory.mktemp("served"), {}
    for name, make in KINDS.items():
        pixels = make()
        x = np.random.default_rng(0).integers(0, LEVELS, (7, 3))
        given = {"x": x.astype(pixels.dtype.as_numpy_dtype)}
        if name == "conditional":
            given["context"] = np.eye(2, dtype=np.float32)[np.arange(7) % 2]
        export.save(pixels, root / name)
        np.savez(root / name / "given.npz", **given)
        made[name] = pixels, given
    paths = [str(root / name) for name in made]
    subprocess.run([sys.executable, "-c", SCRIPT, *paths], check=True, cwd=pathlib.Path("/"))
    return {name: (*pair, dict(np.load(root / name / "got.npz"))) for name, pair in made.items()}


@pytest.mark.parametrize("size", [1, 7, 0])
@pytest.mark.parametrize("name", KINDS)
def test_bounds_and_samples_are_those_of_the_distribution(name, size, served):
    pixels, given, got = served[name]
    kwargs = {"seed": [0, 5]}
    if "context" in given:
        kwargs["bijector_kwargs"] = {"context": given["context"][:size]}
    x = given["x"][:size]
    wanted = pixels.log_prob(x, **kwargs)
    np.testing.assert_allclose(got[f"log_prob_{size}"], wanted, rtol=1e-5, atol=1e-5)
    wanted = pixels.log_prob(x, num_samples=4, importance_weighted=True, **kwargs)
    np.testing.assert_allclose(got[f"weighted_{size}"], wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(got[f"sample_{size}"], pixels.sample(size, **kwargs))
    assert got[f"sample_{size}"].dtype == pixels.dtype.as_numpy_dtype


def test_the_loaded_functions_refuse_other_levels(tmp_path):
    export.save(KINDS["uniform"](), tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"levels in 0\.\.15"):
        loaded.log_prob(tf.constant([[0, 1, 16]], tf.uint8), 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`num_samples` must be an integer of"):
        loaded.log_prob_importance_weighted(tf.zeros([1, 3], tf.uint8), 0, 1)
    with pytest.raises((TypeError, ValueError)):
        loaded.log_prob(tf.zeros([1, 3]), 1)
