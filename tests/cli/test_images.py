"""Images from folders, arrays and streams; classes as contexts; learned noise."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, data, flows, nets, training
from tfp_flows.cli import drawing, use
from tfp_flows.cli.data_options import DATA
from tfp_flows.cli.errors import UsageError
from tfp_flows.cli.option import with_defaults

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

QUICK = ("--epochs", 1, "--batch-size", 10, "--progress", "lines")
SMALL = ("--flow", "nice", "--set", "net=nets.MLP((8,))", "logit_alpha=0.01")


def test_folder_with_classes_is_a_conditional_flow(call, pictures, tmp_path):
    run = tmp_path / "run"
    words = ("train", "--data", pictures, "--labels", "--flip", "--shift", 1, "--run", run)
    code, out, err = call(*words, *SMALL, *QUICK)
    assert (code, err) == (0, "")
    assert "images of 8x8x1, 256 levels: train 48, validation 6, test 6" in out
    assert "epoch    1 " in out
    assert "bits/dim" in out
    config = json.loads((run / "config.json").read_text())
    assert config["data"]["num_classes"] == 2
    grid = tf.io.decode_png((run / "samples" / "samples.png").read_bytes())
    # Small images are drawn four times as large.
    assert grid.shape == (8 * 33 + 1, 8 * 33 + 1, 1)
    one, other = tmp_path / "0.npy", tmp_path / "1.npy"
    for label, file in enumerate((one, other)):
        assert call("sample", run, "--label", label, "-n", 4, "--output", file)[0] == 0
    assert np.load(one).shape == (4, 8, 8, 1)
    assert np.load(one).dtype == np.uint8
    assert not np.array_equal(np.load(one), np.load(other))
    assert config["data"]["class_names"] == ["bright", "dark"]
    named = tmp_path / "dark.npy"
    assert call("sample", run, "--label", "dark", "-n", 4, "--output", named)[0] == 0
    np.testing.assert_array_equal(np.load(named), np.load(other))
    for label, hint in (("2", ""), ("-1", ""), ("darc", " Did you mean 'dark'?")):
        code, _, err = call("sample", run, f"--label={label}")
        assert code == 2
        assert f"--label must be in 0..1 or one of bright, dark; got {label}.{hint}\n" in err


def _scores(call, run, *words):
    code, out, err = call("evaluate", run, *words)
    assert (code, err) == (0, "")
    return [line.split() for line in out.splitlines()[1:]]


@pytest.mark.slow
def test_another_folder_is_scored_under_the_classes_of_the_run(call, pictures, tmp_path):
    run, other, whole = tmp_path / "run", tmp_path / "other", tmp_path / "whole"
    words = ("train", "--data", pictures, "--labels", "--run", run, "--learning-rate", 0.1)
    assert call(*words, *SMALL, *QUICK)[0] == 0
    for folder in (other, whole):
        shutil.copytree(pictures / "dark", folder / "dark")
    # An empty class keeps its number.
    (whole / "bright").mkdir()
    assert _scores(call, run, "--data", other) == _scores(call, run, "--data", whole)
    (other / "light").mkdir()
    code, _, err = call("evaluate", run, "--data", other)
    assert code == 1
    assert "must have only classes of ['bright', 'dark']; got ['dark', 'light']" in err
    # Nor are its own data scored once they have changed.
    (pictures / "blue").mkdir()
    code, _, err = call("evaluate", run)
    assert code == 1
    assert f"The data must be those that {run} was started with: num_classes was 2, and is 3" in err


def test_classes_of_a_run_without_names_are_numbers(tmp_path):
    images, _ = data.load_digits("test")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "0.png").write_bytes(tf.io.encode_png(images[0]).numpy())
    options = {**with_defaults({"data": str(tmp_path)}, DATA), "labels": True}
    facts = {"kind": "images", "event_shape": [8, 8, 1], "num_levels": 256, "num_classes": 10}
    model = FlowModel(flows.nice((8, 8, 1), net=nets.MLP((8,)), num_classes=10))
    (batch,) = use._of_others(options, facts, model, ["all"], 8)["all"]
    assert batch[1].numpy().tolist() == [7]


def test_labels_are_names_where_names_are_numbers():
    facts = {"num_classes": 3, "class_names": ["1", "3", "7"]}
    assert drawing.context_of(facts, 2, "3").tolist() == [1, 1]
    with pytest.raises(UsageError, match="--label must be one of 1, 3, 7; got 2"):
        drawing.context_of(facts, 2, "2")


def test_parts_of_a_folder_are_disjoint(call, pictures, tmp_path):
    from tfp_flows.cli.loaded_images import LoadedImages

    said = {"data": str(pictures), "validation": "0.2", "test": "0.3"}
    source = LoadedImages({**with_defaults(said, DATA), "seed": 1})
    images = [
        image.tobytes()
        for part in ("train", "validation", "test")
        for batch in source.scoring(part, integers=True, batch_size=7)
        for image in batch.numpy()
    ]
    assert len(images) == len(set(images)) == 60


@pytest.mark.slow
def test_streams_of_splits_that_are_scored_as_they_are_in_memory(call, pictures, tmp_path):
    folder = tmp_path / "set"
    for split, kind in (("train", "dark"), ("test", "bright")):
        (folder / split).mkdir(parents=True)
        for path in (pictures / kind).iterdir():
            (folder / split / path.name).write_bytes(path.read_bytes())
    tables = {}
    for cache in ("memory", "none"):
        run = tmp_path / cache
        words = ("train", "--data", folder, "--validation", "none", "--cache", cache)
        code, out, err = call(*words, "--run", run, *SMALL, *QUICK, "--size", 6, 6)
        assert (code, err) == (0, "")
        assert "images of 6x6x1" in out
        code, out, _ = call("evaluate", run, "--split", "test", "train")
        assert code == 0
        tables[cache] = [line.split()[:2] for line in out.splitlines()[1:]]
    assert tables["memory"] == tables["none"] == [["test", "30"], ["train", "30"]]
    # Images that the run has not seen, cut to the size of those that it has.
    code, out, err = call("evaluate", run, "--data", pictures)
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split()[:2] == ["all", "60"]
    code, _, err = call("evaluate", run, "--data", pictures, "--split", "test")
    assert (code, "must be 'train' or 'all'" in err) == (1, True)


def test_files_of_a_stream_are_checked_once(pictures, monkeypatch):
    from tfp_flows.cli.streamed_images import StreamedImages
    from tfp_flows.data import folders

    checked, shape_of = [], folders._shape_of
    monkeypatch.setattr(folders, "_shape_of", lambda path: checked.append(path) or shape_of(path))
    said = {"data": str(pictures), "split": "dark", "validation": "bright", "test": "none"}
    source = StreamedImages({**with_defaults(said, DATA), "cache": "none", "seed": 1})
    source.facts()
    batches = (
        source.training(integers=True),
        *(source.scoring(part, integers=False, batch_size=7) for part in ("train", "validation")),
    )
    assert [each.num_events for each in batches] == [30, 30, 30]
    assert len(checked) == len(set(checked)) == 60


@pytest.mark.slow
def test_folder_without_parts_has_none_to_test_on_in_a_stream(call, pictures, tmp_path):
    words = ("train", "--data", pictures, "--validation", "none", "--cache", "none")
    code, out, err = call(*words, "--run", tmp_path / "run", *SMALL, *QUICK, "--channels", 3)
    assert (code, err) == (0, "")
    assert "images of 8x8x3, 256 levels: train 60\n" in out


def test_other_channels_are_an_option_away(call, pictures, tmp_path):
    words = ("train", "--data", pictures, "--size", 32, 32, "--fit", "pad", "--run", tmp_path / "r")
    err = call(*words, "--flow", "nice_cifar10")[2]
    assert "must be given events of 32x32x3; got 32x32x1. That is --channels 3" in err


@pytest.mark.slow
def test_pictures_of_a_training_with_averages_show_them(call, pictures, tmp_path):
    run = tmp_path / "run"
    words = ("train", "--data", pictures, "--run", run, *SMALL, "--epochs", 2, "--batch-size", 10)
    more = ("--ema", 0.999, "--learning-rate", 0.3, "--validation", "none", "--progress", "none")
    assert call(*words, *more)[0] == 0
    model = keras.saving.load_model(run / "model.keras")
    shown = training.SampleGrid(tmp_path, temperatures=[1.0])
    shown.set_model(model)
    (wanted,) = shown.write("wanted")
    last = run / "samples" / "epoch_0002_temperature_1.png"
    assert last.read_bytes() == wanted.read_bytes()
    assert last.read_bytes() != (run / "samples" / "epoch_0001_temperature_1.png").read_bytes()


@pytest.mark.slow
def test_arrays_and_learned_noise(call, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", rng.integers(0, 256, [40, 8, 8, 1], np.uint8))
    words = ("train", "--data", tmp_path / "images.npy", "--flow", "flowpp_small")
    run = tmp_path / "run"
    code, _, err = call(*words, "--run", run, *QUICK, "--num-bits", 8)
    assert (code, err) == (0, "")
    score = json.loads((run / "result.json").read_text())["scores"]["test"]
    assert 7 < score["bits_per_dim"] < 20


def test_levels_that_do_not_fit(call, tmp_path):
    np.save(tmp_path / "images.npy", np.zeros([40, 8, 8, 1], np.uint8))
    words = ("train", "--data", tmp_path / "images.npy", "--flow", "flowpp_small")
    code, _, err = call(*words, "--run", tmp_path / "run", "--num-bits", 5)
    assert code == 2
    assert "integers of 256 levels; got 32. See --num-bits" in err
    code, _, err = call(*words, "--run", tmp_path / "run", "--num-bits", 9)
    assert (code, "error: --num-bits must be an integer in 1..8; got 9" in err) == (1, True)
