"""What a finished run is used for: scores, samples, a SavedModel."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.cli import drawing

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_evaluate_scores_the_test_part(call, trained):
    code, out, err = call("evaluate", trained)
    assert (code, err) == (0, "")
    head, row = out.splitlines()
    assert head.split() == ["part", "events", "nats", "standard", "error"]
    expected = json.loads((trained / "result.json").read_text())["scores"]["test"]
    assert row.split() == ["test", "30", f"{expected['nll']:.3f}", f"{expected['nll_error']:.3f}"]


def test_evaluate_scores_several_parts(call, trained):
    code, out, _ = call("evaluate", trained, "--split", "train", "validation", "--batch-size", 7)
    assert code == 0
    rows = [line.split()[:2] for line in out.splitlines()[1:]]
    assert rows == [["train", "240"], ["validation", "30"]]


def test_evaluate_scores_another_file(call, trained, table, tmp_path):
    other = tmp_path / "other.csv"
    lines = table.read_text().splitlines()
    # Of one of the two plans only: its code is still that of the training.
    gold = [line for line in lines[1:] if line.endswith("gold")]
    other.write_text("\n".join([lines[0], *gold]))
    code, out, err = call("evaluate", trained, "--data", other)
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split()[1] == str(len(gold))


def test_samples_are_reproducible_tables(call, trained, tmp_path):
    files = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for file, seed in zip(files, (3, 3, 4), strict=True):
        code, out, err = call("sample", trained, "-n", 5, "--seed", seed, "--output", file)
        assert (code, err, out.strip()) == (0, "", str(file))
    assert files[0].read_text() == files[1].read_text() != files[2].read_text()
    with files[0].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert rows[0]["plan"] in ("basic", "gold")


def test_many_samples_are_drawn_a_part_at_a_time(call, trained, tmp_path, monkeypatch):
    sizes, sample = [], drawing.latents.sample
    drawn = lambda flow, n, **its: sizes.append(n) or sample(flow, n, **its)  # noqa: E731
    monkeypatch.setattr(drawing.latents, "sample", drawn)
    file = tmp_path / "samples.npy"
    assert call("sample", trained, "-n", 5000, "--seed", 2**40, "--output", file)[0] == 0
    assert sizes == [4096, 904]
    rows = np.load(file)
    assert len(np.unique(rows[:, 0])) > 4990
    monkeypatch.setattr(drawing, "_MOST_NUMBERS", 12)
    assert call("sample", trained, "-n", 7, "--output", file)[0] == 0
    assert sizes[2:] == [3, 3, 1]


def test_samples_are_arrays_too_and_temperature_counts(call, trained, tmp_path):
    spreads = []
    for temperature in (0.1, 1.0):
        file = tmp_path / f"{temperature}.npy"
        words = ("-n", 200, "--temperature", temperature, "--output", file)
        assert call("sample", trained, *words)[0] == 0
        spreads.append(np.load(file).std(axis=0))
    assert np.all(spreads[0] < 0.3 * spreads[1])


def test_samples_go_into_the_run_by_themselves(call, trained):
    code, out, _ = call("sample", trained, "-n", 3, "--seed", 8)
    assert code == 0
    assert out.strip() == str(trained / "samples" / "seed8_temperature1.csv")
    (trained / "samples" / "seed8_temperature1.csv").unlink()


def test_exported_flow_is_served_without_the_package(call, trained, tmp_path):
    code, out, err = call("export", trained, tmp_path / "new" / "saved")
    assert (code, err, out.strip()) == (0, "", str(tmp_path / "new" / "saved"))
    loaded = tf.saved_model.load(tmp_path / "new" / "saved")
    assert loaded.sample(3, 0).shape == (3, 4)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["saved"]


@pytest.mark.parametrize("bad", [1, 5])
def test_samples_that_are_not_finite_are_counted(call, trained, tmp_path, monkeypatch, bad):
    rows = np.zeros([5, 4], np.float32)
    rows[:bad, 2] = np.nan
    monkeypatch.setattr(drawing.latents, "sample", lambda *_, **__: tf.constant(rows))
    file = tmp_path / "samples.npy"
    code, _, err = call("sample", trained, "-n", 5, "--output", file)
    if bad == 5:
        assert (code, file.exists()) == (1, False)
        assert "must be finite; got NaN or inf in all 5 of them" in err
    else:
        assert (code, err) == (0, "tfp-flows: 1 of 5 samples hold NaN or inf: left out\n")
        np.testing.assert_array_equal(np.load(file), rows[bad:])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["evaluate", "RUN", "--split", "tset"], 2, "--split must be of train, validation, test"),
        (["evaluate", "RUN", "--data", "/nowhere.csv"], 1, "No such file or directory"),
        (["sample", "RUN", "--output", "x.png"], 2, "--output must end in .csv or .npy"),
        (["sample", "RUN", "--label", "1"], 2, "the flow has no classes; got 1"),
        (["sample", "RUN", "-n", "0"], 2, "argument -n: must be at least 1; got 0"),
        (["export", "RUN", "/tmp"], 1, "where there is a directory with"),
        (["export", "RUN", "/dev/null/x"], 1, "/dev/null"),
        (["sample", "RUN", "--output", "/dev/null/x.csv"], 1, "/dev/null"),
        (["sample", "/nowhere"], 1, "must be the directory of a run; it has no config.json"),
    ],
)
def test_what_cannot_be_is_one_line(call, trained, words, code, said):
    words = [str(trained) if word == "RUN" else word for word in words]
    got, _, err = call(*words)
    assert got == code
    assert said in err
    assert err.startswith("tfp-flows: error: ")
    assert err.count("\n") == 1


def test_run_without_a_model_says_so(call, trained, tmp_path):
    (tmp_path / "config.json").write_bytes((trained / "config.json").read_bytes())
    code, _, err = call("sample", tmp_path)
    assert code == 1
    assert "must hold a model" in err


def test_damaged_files_are_named(call, trained, tmp_path):
    (tmp_path / "config.json").write_text('{"options": ')
    assert "config.json must be JSON" in call("evaluate", tmp_path)[2]
    for content, keys in (('{"data": {}}', "['data']"), ('{"a": 1, "b": 2}', "['a', 'b']")):
        (tmp_path / "config.json").write_text(content)
        err = call("evaluate", tmp_path)[2]
        assert f"must have 'options' and 'data'; got {keys}" in err
    for content in (
        '{"options": {}, "data": {}}', '{"options": 3, "data": {}}',
        '{"options": {"data": "x"}, "data": {}}', '{"options": {"data": "x"}, "data": []}',
        '{"options": {"data": "x"}, "data": {"kind": "table"}}',
        '{"options": {"data": "x"}, "data": {"kind": "images", "event_shape": [8, 8, 1], '
        '"num_levels": 2, "num_events": {}, "num_classes": 2, "class_names": ["a"]}}',
    ):  # fmt: skip
        (tmp_path / "config.json").write_text(content)
        for command in ("sample", "evaluate"):
            code, _, err = call(command, tmp_path)
            assert code == 1
            assert f"{tmp_path / 'config.json'} must " in err
            assert "KeyError" not in err
    (tmp_path / "config.json").write_bytes((trained / "config.json").read_bytes())
    whole = (trained / "model.keras").read_bytes()
    middle = len(whole) // 2
    holed = whole[:middle] + bytes(500) + whole[middle + 500 :]
    for content in (b"PK", b"", whole[:-100], holed):
        (tmp_path / "model.keras").write_bytes(content)
        code, _, err = call("sample", tmp_path)
        assert code == 1
        assert f"{tmp_path / 'model.keras'} is damaged" in err
        assert "not found" not in err
    for content in ("{}", '{"epochs": 2, "scores": 3}', "[]", '{"epochs": '):
        (tmp_path / "result.json").write_text(content)
        code, _, err = call("train", "--resume", tmp_path)
        assert code == 1
        assert f"{tmp_path / 'result.json'} must " in err
        assert err.count("\n") == 1
