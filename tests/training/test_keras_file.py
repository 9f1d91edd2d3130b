"""`.keras` files rebuild a flow with nothing but `import tfp_flows`."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import flows, nets, partitions, transforms
from tfp_flows.training.config import flow_from_config, flow_to_config

tfd = tfp.distributions

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
ROOT = pathlib.Path(__file__).parents[2]
BOARD = np.array([[[True], [False]], [[False], [True]]])


def _x(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def _model(**kwargs):
    flow = flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((4,), **kwargs))
    model = tfp_flows.FlowModel(flow, bin_width=0.25, name="mine")
    model.compile(keras.optimizers.Adam(0.05), steps_per_execution=2)
    return model


SCRIPT = """
import sys
import numpy as np
import tfp_flows, keras
model = keras.saving.load_model(sys.argv[1])
x = np.load(sys.argv[2])
assert model.name == "mine" and model.bin_width == 0.25 and model.steps_per_execution == 2
np.save(sys.argv[3], model.predict(x, verbose=0))
model.fit(x, epochs=2, shuffle=False, verbose=0)
np.save(sys.argv[4], model.predict(x, verbose=0))
"""


@pytest.mark.slow
def test_another_process_loads_it_and_trains_on(tmp_path):
    model, x = _model(), _x(64, 2)
    model.fit(x, verbose=0)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    files = [str(tmp_path / name) for name in ("model.keras", "x.npy", "loaded.npy", "on.npy")]
    subprocess.run([sys.executable, "-c", SCRIPT, *files], check=True, cwd=ROOT)
    np.testing.assert_allclose(np.load(files[2]), model.predict(x, verbose=0), rtol=1e-5)
    # With Adam's moments lost, the next steps would be others.
    model.fit(x, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(np.load(files[3]), model.predict(x, verbose=0), rtol=1e-4)


@pytest.mark.parametrize("is_compiled", [False, True])
def test_a_model_can_be_saved_before_it_is_trained(is_compiled, tmp_path):
    model = _model(zero_init=False)
    if not is_compiled:
        model = tfp_flows.FlowModel(model.distribution)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.compiled == is_compiled
    np.testing.assert_allclose(again(_x(5, 2)), model(_x(5, 2)), rtol=1e-6)


def test_model_checkpoint_writes_whole_models(tmp_path):
    model = _model()
    path = str(tmp_path / "{epoch}.keras")
    model.fit(_x(64, 2), epochs=2, callbacks=keras.callbacks.ModelCheckpoint(path), verbose=0)
    again = keras.saving.load_model(tmp_path / "2.keras")
    np.testing.assert_allclose(again(_x(5, 2)), model(_x(5, 2)), rtol=1e-6)


ARGUMENTS = {
    "positions": {"event_shape": [3]},
    "numpy numbers": {"event_shape": (np.int64(3),)},
    "context": {"context_shape": [2]},
    "tensor shape": {"event_shape": tf.zeros([5, 3]).shape[1:]},
    "mask": {"partitions": [partitions.Mask([True, False, True], parity=1)]},
    "mask array": {"event_shape": (2, 2, 1), "partitions": (partitions.Mask(BOARD),)},
    "alternating": {"partitions": [partitions.Alternating(), partitions.Halves(parity=1)]},
    "board": {"event_shape": (4, 4, 1), "partitions": [partitions.Checkerboard(packed=True)]},
    "stripes": {
        "event_shape": (4, 4, 1),
        "partitions": [partitions.Stripes(direction="horizontal")],
        "net": nets.ConvResNet(2, 1, dropout=0.1),
    },
    "channels": {
        "event_shape": (4, 4, 2),
        "partitions": [partitions.Halves(event_ndims=3, equal=True)],
        "net": nets.ConvResNet(2, 1, weight_norm=True),
    },
    "additive": {"transform": transforms.Additive()},
    "scale": {"transform": transforms.Affine(transforms.SigmoidScale(max_scale=0.1 + 0.2))},
    "net": {"net": nets.MLP((5, 4), "tanh", 0.1, weight_norm=True, dtype="float64")},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_comes_back_from_json(name):
    usual = {"event_shape": (3,), "num_couplings": 2, "net": nets.MLP((4,))}
    flow = flows.coupling_flow(**{**usual, **ARGUMENTS[name]})
    again = flow_from_config(json.loads(json.dumps(flow_to_config(flow))))
    assert flow_to_config(again) == flow_to_config(flow)
    for ours, theirs in zip(again.bijector.bijectors, flow.bijector.bijectors, strict=True):
        assert ours.partition == theirs.partition
        assert ours.transform == theirs.transform
        assert ours.net.get_config() == theirs.net.get_config()
        assert ours.context_shape == theirs.context_shape
    for ours, theirs in zip(again.variables, flow.variables, strict=True):
        ours.assign(theirs)
    if flow.bijector.context_shape is None:
        x = _x(5, *flow.event_shape)
        np.testing.assert_array_equal(again.log_prob(x), flow.log_prob(x))


def test_a_distribution_made_by_hand_says_what_works(tmp_path):
    model = tfp_flows.FlowModel(tfd.Normal(tf.Variable(0.0), 1.0))
    for refused in (lambda: model.save(tmp_path / "m.keras"), model.get_config):
        with pytest.raises(ValueError, match=r"made by hand. What works .*`save_weights`, `tf.tr"):
            refused()


def test_a_config_may_name_nothing_but_this_package():
    config = flow_to_config(_model().distribution)
    config["arguments"]["net"]["dataclass"] = ["subprocess", "Popen"]
    with pytest.raises(ValueError, match=r"may only name classes of tfp_flows; got subprocess.Pop"):
        flow_from_config(config)
