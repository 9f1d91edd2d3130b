"""Readers of files answer any bytes with an error that names the file."""

import gzip
import io
import json
import pickle
import struct

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import data
from tfp_flows.cli.errors import RunError
from tfp_flows.cli.run_directory import RunDirectory
from tfp_flows.data.numpy_files import read_array, read_arrays

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
COUNT = 60


def _variants(content, count):
    """Cuts, changed bytes, and bytes of nothing at all."""
    random = np.random.default_rng(0)
    yield b""
    yield bytes(len(content))
    for _ in range(count):
        yield random.bytes(int(random.integers(1, 400)))
        yield content[: int(random.integers(len(content)))]
        changed = bytearray(content)
        for place in random.integers(len(content), size=random.integers(1, 8)):
            changed[place] = random.integers(256)
        yield bytes(changed)
        # Where formats say sizes.
        changed = bytearray(content)
        changed[int(random.integers(min(120, len(content))))] = random.integers(256)
        yield bytes(changed)


def _answer(read, errors):
    """What is read, or what the error says."""
    try:
        return read(), ""
    except errors as error:
        return None, f"{type(error).__name__}: {error}"


def _check(file, content, read, errors, expected, *, count=COUNT):
    """Each variant gives what the file held, other values of its kind, or an error of its name."""
    file.write_bytes(content)
    wanted = read()
    refused = 0
    for variant in _variants(content, count):
        file.write_bytes(variant)
        got, said = _answer(read, errors)
        assert type(got) is type(wanted) or str(file) in said, said
        refused += bool(said)
    assert refused >= expected * count


def _npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_npy(tmp_path):
    file, content = tmp_path / "rows.npy", _npy(np.arange(60.0).reshape(20, 3))
    _check(file, content, lambda: read_array(file), (ValueError,), 2)
    _check(file, content, lambda: read_array(str(file), mapped=True), (ValueError,), 2)


def test_npy_of_a_shape_that_no_memory_holds(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }" % 10**15
    header = header.ljust(117) + b"\n"
    file = tmp_path / "large.npy"
    file.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    for mapped in (False, True):
        with pytest.raises(ValueError, match=r"large.npy` must be a NumPy file of numbers; got"):
            read_array(file, mapped=mapped)


def test_npz(tmp_path):
    file = tmp_path / "rows.npz"
    np.savez_compressed(file, a=np.arange(60.0), b=np.eye(3))
    _check(file, file.read_bytes(), lambda: read_arrays(file), (ValueError,), 3)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::pandas.errors.DtypeWarning")
def test_csv(tmp_path, name):
    """A text of other characters is a table, too, whose columns the table checks by name."""
    text = "first,second\n" + "".join(f"{i / 7:.3f},{i % 5 + 0.5}\n" for i in range(40))
    content = gzip.compress(text.encode()) if name.endswith("gz") else text.encode()
    file = tmp_path / name
    file.write_bytes(content)
    data.table(file)
    refused = 0
    for variant in _variants(content, COUNT):
        file.write_bytes(variant)
        got, said = _answer(lambda: data.table(file), (TypeError, ValueError))
        named = str(file) in said or "`source`" in said or "Columns" in said
        assert named or isinstance(got, data.Table), said
        refused += bool(said)
    assert refused > 2 * COUNT
    file.write_bytes(b"\x1f\x8b" + b"\xff" * 30)
    with pytest.raises((TypeError, ValueError), match=name):
        data.table(file)


def _idx(images, labels):
    header = struct.pack(">4I", 2051, len(images), 28, 28)
    return header + images.tobytes(), struct.pack(">2I", 2049, len(labels)) + labels.tobytes()


def test_idx(tmp_path):
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, [3, 28, 28], np.uint8), np.array([5, 0, 4], np.uint8)
    contents = [gzip.compress(its) for its in _idx(images, labels)]
    names = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    for name, content in zip(names, contents, strict=True):
        (tmp_path / name).write_bytes(content)
    for name, content in zip(names, contents, strict=True):
        read = lambda: data.load_images("mnist", directory=tmp_path)  # noqa: E731
        # Images that are damaged so that there are fewer are told as too many labels.
        file = tmp_path / name
        _check(file, content, read, (ValueError,), 3)
        file.write_bytes(content)


def test_cifar10(tmp_path):
    random = np.random.default_rng(0)
    for part in range(1, 6):
        batch = {b"data": random.integers(0, 256, [2, 3072], np.uint8), b"labels": [1, 2]}
        (tmp_path / f"data_batch_{part}").write_bytes(pickle.dumps(batch))
    file = tmp_path / "data_batch_3"
    read = lambda: data.load_images("cifar10", directory=tmp_path)  # noqa: E731
    _check(file, file.read_bytes(), read, (ValueError,), 1)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif"])
def test_pictures(tmp_path, ending):
    image = np.random.default_rng(0).integers(0, 256, [8, 8, 3], np.uint8)
    encode = tf.io.encode_jpeg if ending == "jpg" else tf.io.encode_png
    content = encode(image).numpy()
    (tmp_path / "sound.png").write_bytes(tf.io.encode_png(image).numpy())
    file = tmp_path / f"picture.{ending}"
    args = {"batch_size": 2, "shuffle": False, "cache": False, "size": (8, 8), "fit": "resize"}
    _check(file, content, lambda: data.images(tmp_path, **args), (ValueError,), 1, count=6)


def test_configurations_of_runs(finished):
    run = RunDirectory(finished)
    content = run.config_file.read_bytes()
    _check(run.config_file, content, run.config, (RunError,), 2)


@pytest.mark.parametrize("where", ["options", "data"])
def test_values_of_another_kind_in_the_configuration(finished, where):
    run = RunDirectory(finished)
    config = json.loads(run.config_file.read_text())
    texts = {"data", "data_dir", "split", "validation", "test", "cache", "flow", "key"}
    right = {("flip", True), ("labels", True), *((text, "\0") for text in texts)}
    for key in config[where]:
        for value in (["a"], {"a": -1}, -3.5, True, "\0"):
            if not isinstance(value, list | dict) and (key, value) in right:
                continue
            if isinstance(value, list) and key in ("set", "columns", "categorical", "integer"):
                continue
            changed = {**config, where: {**config[where], key: value}}
            run.config_file.write_text(json.dumps(changed))
            with pytest.raises(RunError, match=str(run.config_file)):
                run.config()


@pytest.mark.parametrize("name", ["config.json", "log.csv"])
def test_a_run_with_a_damaged_file_is_refused_or_whole(call, stopped, name, damage):
    file = stopped / name
    damage(file)
    code, _, err = call("train", "--resume", stopped)
    assert code in (0, 1)
    assert code == 0 or (str(file) in err and err.count("\n") == 1), err


def test_a_finished_run_with_a_damaged_result_is_refused(call, finished, damage):
    damage(finished / "result.json")
    code, _, err = call("train", "--resume", finished)
    assert code in (0, 1)
    assert code == 0 or str(finished / "result.json") in err, err
