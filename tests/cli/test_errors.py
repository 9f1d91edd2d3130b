"""Commands that cannot be meant, and trainings that cannot be started: one line, and a code."""

import errno
import os

import numpy as np
import pytest

from tfp_flows.cli import run_directory

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "digits"], "one of the arguments --run --resume is required"),
        (["--run", "RUN"], "--data must be given with --run"),
        (["--run", "RUN", "--data", "digits", "--epochs", "0"], "must be at least 1; got 0"),
        (["--run", "RUN", "--data", "digits", "--ema", "1"], "must be in [0, 1); got 1"),
        (["--run", "RUN", "--data", "digits", "--minutes", "nan"], "must be at least 0; got nan"),
        (["--run", "RUN", "--data", "digits", "--flow", "glwo"], "realnvp, glow, flowpp, "),
        (["--run", "RUN", "--data", "digits", "--flow", "glwo"], "got 'glwo'. Did you mean 'glow'"),
        (["--run", "RUN", "--data", "digits", "--set", "depth=3"], "num_couplings, partitions"),
        (
            ["--run", "RUN", "--data", "digits", "--set", "num_coupling=3"],
            "got 'num_coupling=3'. Did you mean 'num_couplings'?",
        ),
        (
            ["--run", "RUN", "--data", "digits", "--labels", "--flow", "glow_small"],
            "for glow_small, which takes no classes; these do: coupling_flow, nice, realnvp, glow",
        ),
        (["--run", "RUN", "--data", "digits", "--set", "num_couplings=open('x')"], "a literal"),
        (["--run", "RUN", "--data", "digits", "--set", "num_couplings=0"], "at least 1; got 0"),
        (["--run", "RUN", "--data", "digits", "--validation", "1.5"], "between 0 and 1; got 1.5"),
        (
            ["--run", "RUN", "--data", "digits", "--validation", "0.0001"],
            "validation 0, train 1437",
        ),
        (["--run", "RUN", "--data", "digits", "--cache", "none"], "'train[90%:]', or 'none'"),
        (
            ["--run", "RUN", "--data", "digits", "--patience", "3", "--validation", "none"],
            "--patience must be given with a --validation",
        ),
        (["--run", "RUN", "--data", "TABLE", "--flow", "glow"], "use coupling_flow or nice"),
        (["--run", "RUN", "--data", "TABLE", "--labels"], "images only; got a table"),
        (["--run", "RUN", "--data", "TABLE", "--dequantization", "learned"], "for tables"),
        (["--run", "RUN", "--data", __file__], "must end in one of .csv"),
        (["--run", "RUN", "--dat", "digits"], "unrecognized arguments: --dat digits"),
        (["--run", "RUN", "--data", "digits", "a\nb"], "unrecognized arguments: a\\nb"),
    ],
)
def test_wrong_usage_has_code_2(call, table, tmp_path, words, said):
    replaced = {"RUN": tmp_path / "run", "TABLE": table}
    words = [replaced.get(word, word) for word in words]
    more = ["--categorical", "plan"] if table in words else []
    code, _, err = call("train", *words, *more)
    assert code == 2
    assert said in err
    assert err.startswith("tfp-flows: error: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "/nowhere.csv"], "--data must be a file that is there; got /nowhere.csv"),
        (["--data", "./nowhere"], "--data must be a folder that is there; got ./nowhere"),
        (["--data", "TABLE"], "'plan'"),
        (["--data", "TABLE", "--columns", "age", "size"], "['size'], which are not"),
        (["--data", "no_such_set"], "got 'no_such_set', which is none of them"),
        (["--data", "nosuch/pictures"], "directory that is there; got 'nosuch/pictures'"),
        (["--data", "fashon_mnist"], "Did you mean 'fashion_mnist'?"),
        (
            ["--data", "digits", "--validation", "tset"],
            "the split must be 'train', 'test' or 'all'",
        ),
        (["--data", "digits", "--size", "9", "9"], "at least --size, 9x9, with --fit crop; got"),
        (["--data", "TABLE", "--integer", "size"], "--integer must name columns; got ['size']"),
    ],
)
def test_data_that_are_not_there_have_code_1(call, table, tmp_path, words, said):
    words = [table if word == "TABLE" else word for word in words]
    code, _, err = call("train", "--run", tmp_path / "run", *words)
    assert code == 1
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_sizes_that_do_not_fit_come_with_the_options_that_do(call, tmp_path):
    np.save(tmp_path / "images.npy", np.zeros([20, 10, 10, 1], np.uint8))
    words = ("train", "--run", tmp_path / "run", "--data", tmp_path / "images.npy")
    err = call(*words, "--flow", "glow", "--set", "num_levels=2")[2]
    assert "--size 8 8 --fit crop, or --size 12 12 --fit pad" in err
    err = call(*words, "--flow", "glow", "--set", "num_levels=4")[2]
    assert "That is --size 16 16 --fit pad." in err
    code, _, err = call(*words, "--flow", "nice_mnist")
    assert code == 2
    assert "must be given events of 28x28x1; got 10x10x1" in err
    assert "--size 28 28 --fit pad" in err


def test_directory_of_something_else_is_left_alone(call, tmp_path):
    (tmp_path / "thesis.txt").write_text("years")
    code, _, err = call("train", "--data", "digits", "--run", tmp_path)
    assert code == 1
    assert f"{tmp_path} holds thesis.txt" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_empty_directory_of_the_user_stays(call, tmp_path):
    assert call("train", "--data", "digits", "--split", "x", "--run", tmp_path)[0] == 1
    assert tmp_path.is_dir()


def test_no_directory_can_be_made(call):
    code, _, err = call("train", "--data", "digits", "--run", "/dev/null/run")
    assert code == 1
    assert err == "tfp-flows: error: /dev/null/run: Not a directory\n"


def test_file_is_no_directory_of_a_run(call, tmp_path):
    (tmp_path / "notes").write_text("mine")
    code, _, err = call("train", "--data", "digits", "--run", tmp_path / "notes")
    assert code == 1
    assert f"--run must be a new or an empty directory; {tmp_path / 'notes'} is a file" in err
    assert (tmp_path / "notes").read_text() == "mine"


def test_full_disk_leaves_nothing_behind(call, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "run"))

    monkeypatch.setattr(run_directory.tempfile, "TemporaryFile", full)
    code, _, err = call("train", "--data", "digits", "--run", tmp_path / "run")
    assert code == 1
    assert "No space left on device" in err
    assert not (tmp_path / "run").exists()


def test_traceback_is_there_for_those_who_ask(call, tmp_path):
    with pytest.raises(ValueError, match="tset"):
        call("train", "--data", "digits", "--split", "tset", "--run", tmp_path / "r", "--traceback")


def test_errors_of_the_code_name_their_kind(call, tmp_path, monkeypatch):
    monkeypatch.setattr("tfp_flows.cli.train.open_source", lambda options: {}["source"])
    code, _, err = call("train", "--data", "digits", "--run", tmp_path / "run")
    assert (code, err) == (1, "tfp-flows: error: KeyError: 'source'\n")
