"""No file runs code, whatever it names."""

import base64
import io
import json
import marshal
import pathlib
import pickle
import zipfile

import keras
import numpy as np
import pytest

import tfp_flows
from tfp_flows import data, flows, nets
from tfp_flows.training.config import flow_from_config, flow_to_config

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def touch(path):
    """What code in a file would do."""
    with open(path, "w") as file:
        file.write("run")
    return lambda x: x


def _lambda(path):
    source = f"lambda x: [__import__('pathlib').Path({str(path)!r}).touch(), x][1]"
    code = base64.b64encode(marshal.dumps(eval(source).__code__)).decode()
    function = {"class_name": "__lambda__", "config": {"value": [code, None, None]}}
    return _keras("Lambda", {"name": "f", "function": function}, "keras.layers")


def _keras(name, config, module, registered=None):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def _sequential(layer):
    layers = [_keras("InputLayer", {"batch_shape": [None, 2]}, "keras.layers"), layer]
    return _keras("Sequential", {"name": "s", "layers": layers}, "keras")


def _function(name, module):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def _config(net=None):
    config = flow_to_config(flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((4,))))
    return config if net is None else {**config, "arguments": {**config["arguments"], "net": net}}


HOSTILE = {
    "marshalled code": lambda path: _sequential(_lambda(path)),
    "os.system": lambda path: _keras("system", {"command": f"touch {path}"}, "os"),
    "a process": lambda path: _keras("Popen", {"args": ["touch", str(path)]}, "subprocess"),
    "a function": lambda path: _sequential(
        _keras("Lambda", {"function": _function("system", "os"), "arguments": {}}, "keras.layers")
    ),
    "a download": lambda path: _keras(
        "get_file", {"fname": str(path), "origin": "file:///etc/hostname"}, "keras.utils"
    ),
    "our own code": lambda path: _keras("main", {"argv": ["train"]}, "tfp_flows.cli.main"),
    "a registered name over another class": lambda path: _keras(
        "system", {"command": f"touch {path}"}, "os", "tfp_flows>FlowModel"
    ),
    "code in a flow": lambda path: _keras(
        "FlowModel",
        {"distribution": _config(_lambda(path)), "bin_width": 1.0, "name": "m"},
        None,
        "tfp_flows>FlowModel",
    ),
    "a loss": lambda path: {
        **_sequential(_keras("Dense", {"units": 1}, "keras.layers")),
        "compile_config": {"optimizer": "adam", "loss": _lambda(path)["config"]["function"]},
    },
}


def _write(file, config):
    """A `.keras` file made by hand, its checksums right."""
    weights = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_keras_file_is_refused_and_runs_nothing(call, finished, tmp_path, name):
    mark = tmp_path / "mark"
    _write(finished / "model.keras", HOSTILE[name](mark))
    for words in (
        ("sample", finished),
        ("evaluate", finished),
        ("export", finished, tmp_path / "o"),
    ):
        code, _, err = call(*words)
        assert (code, err.count("\n")) == (1, 1)
        assert f"{finished}/model.keras " in err
    with pytest.raises(Exception):  # noqa: B017, PT011 - what Keras says.
        keras.saving.load_model(finished / "model.keras")
    assert not mark.exists()
    assert not (tmp_path / "o").exists()


def test_the_code_in_these_files_would_run_without_safe_mode(tmp_path):
    """They are hostile indeed."""
    mark = tmp_path / "mark"
    function = _lambda(mark)["config"]["function"]
    with pytest.raises(ValueError, match="lambda"):
        keras.saving.deserialize_keras_object(function)
    keras.saving.deserialize_keras_object(function, safe_mode=False)(0)
    assert mark.exists()


OURS = [
    ["tfp_flows.__main__", "main"],
    ["tfp_flows.cli.main", "main"],
    ["tfp_flows.training.callbacks.pictures", "write_png"],
    ["tfp_flows.data.elements", "Elements"],
    ["tfp_flows.nets.mlp", "dataclass"],
    ["tfp_flows.nets.mlp", "keras"],
    ["tfp_flows.nets.glow", "KerasNet"],
    ["tfp_flows.nets.no_such_module", "MLP"],
    ["tfp_flows.nets..os", "system"],
    ["subprocess", "Popen"],
    ["os", "system"],
]


@pytest.mark.parametrize("named", OURS, ids=".".join)
def test_a_config_names_classes_of_three_rooms_only(named):
    config = _config()
    config["arguments"]["net"]["dataclass"] = named
    with pytest.raises(ValueError, match="may only name classes of tfp_flows; got"):
        flow_from_config(config)


@pytest.mark.parametrize("name", ["presets", "parts", "__builtins__", "one_call", "eval", 3])
def test_a_config_names_flows_only(name):
    with pytest.raises(ValueError, match="may only name flows"):
        flow_from_config({**_config(), "flow": name})


def test_the_configuration_of_a_run_names_no_code(call, stopped, tmp_path):
    mark, file = tmp_path / "mark", stopped / "config.json"
    config = json.loads(file.read_text())
    code = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    for changes in (
        {"flow": "os.system"},
        {"flow": "presets"},
        {"set": [f"net={code}"]},
        {"set": [f"net=nets.MLP({code})"]},
        {"set": ["net=nets.backend.keras.utils.get_file('x')"]},
        {"precision": "tfp_flows.cli.main"},
        {"schedule": {"module": "os", "class_name": "system", "config": {}}},
    ):
        file.write_text(json.dumps({**config, "options": {**config["options"], **changes}}))
        status, _, err = call("train", "--resume", stopped)
        assert status in (1, 2)
        assert err.count("\n") == 1
    assert not mark.exists()


class _Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return touch, (self.path,)


def test_pickles_in_data_run_nothing(call, tmp_path):
    mark = str(tmp_path / "mark")
    array = np.empty([2, 2], object)
    array[:] = _Evil(mark)
    np.save(tmp_path / "rows.npy", array, allow_pickle=True)
    np.savez(tmp_path / "rows.npz", array)
    for name in ("rows.npy", "rows.npz"):
        code, _, err = call("train", "--run", tmp_path / "run", "--data", tmp_path / name)
        assert (code, f"{tmp_path / name}` must be a NumPy" in err) == (1, True)
    for part in range(1, 6):
        batch = {b"data": np.zeros([1, 3072], np.uint8), b"labels": _Evil(mark)}
        (tmp_path / f"data_batch_{part}").write_bytes(pickle.dumps(batch))
    with pytest.raises(ValueError, match=r"data_batch_1` must be a CIFAR-10 batch; .* not allowed"):
        data.load_images("cifar10", directory=tmp_path)
    assert not (tmp_path / "mark").exists()


def test_the_package_never_turns_safe_mode_off():
    root = tfp_flows.__path__[0]
    sources = [path.read_text() for path in pathlib.Path(root).rglob("*.py")]
    for banned in ("safe_mode=False", "enable_unsafe", "allow_pickle=True", "pickle.load"):
        assert not any(banned in source for source in sources)
