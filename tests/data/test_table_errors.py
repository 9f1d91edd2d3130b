"""What no density can have is refused by the name of its column."""

import sys

import numpy as np
import pandas as pd
import pytest

from tfp_flows import data

GOOD = pd.DataFrame({"a": [1.5, 2.5, 3.25], "n": [1, 2, 4], "city": ["Oslo", "Bonn", "Oslo"]})
TABLE = data.table(GOOD, categorical=["city"])


@pytest.mark.parametrize("convert", [pd.DataFrame, pd.DataFrame.convert_dtypes])
def test_names_columns_with_missing_values(convert):
    bad = GOOD.assign(a=[1.5, None, None], city=["Oslo", None, "Bonn"])
    with pytest.raises(ValueError, match=r"no missing values; got 2 in 'a', 1 in 'city'\."):
        data.table(convert(bad), categorical=["city"])
    with pytest.raises(ValueError, match="got 1 in 'n'"):
        data.table(convert(GOOD.assign(n=[1, None, 2])), categorical=["city"])


def test_names_columns_with_missing_values_of_arrays_and_files(tmp_path):
    with pytest.raises(ValueError, match="got 1 in 'x1'"):
        data.table([[1.5, np.nan], [2.5, 3.5]])
    with pytest.raises(ValueError, match="got 1 in 'x0'"):
        data.table(np.array([["a", 1], [None, 2]], object), categorical=["x0"])
    (tmp_path / "holes.csv").write_text("a,b\n1.5,\n2.5,3\n")
    with pytest.raises(ValueError, match="got 1 in 'b'"):
        data.table(tmp_path / "holes.csv")


def test_names_columns_that_are_no_numbers():
    with pytest.raises(TypeError, match=r"named in `categorical`; got 'city' \(.*'Oslo'\)\."):
        data.table(GOOD)
    with pytest.raises(TypeError, match=r"got 'day' \(datetime64"):
        data.table(GOOD.assign(day=pd.date_range("2020-01-01", periods=3)), categorical=["city"])
    with pytest.raises(TypeError, match=r"got 'x0' \(complex128.*'x1' \(complex"):
        data.table(np.ones([2, 2], complex))
    with pytest.raises(TypeError, match=r"'city' \(.*'Oslo'"):
        data.table(GOOD, integer=["city"])


def test_names_question_marks_among_numbers(tmp_path):
    for rows in ("1.5,?\n2.5,3\n", "1.5,7\n2.5,?\n"):
        (tmp_path / "power.csv").write_text(f"a,b\n{rows}")
        with pytest.raises(TypeError, match=r"got 'b' \(.*'\?'\)"):
            data.table(tmp_path / "power.csv")


def test_does_not_take_the_first_row_for_a_header(tmp_path):
    (tmp_path / "rows.csv").write_text("1.5,1.5,2\n2.5,3,1\n")
    with pytest.raises(ValueError, match=r"names of the columns; got numbers in .*rows\.csv"):
        data.table(tmp_path / "rows.csv")


def test_names_constant_columns():
    with pytest.raises(ValueError, match=r"got 'a' \(all 2\.5\), 'n' \(all 3\)\. Leave"):
        data.table(GOOD.assign(a=2.5, n=3), categorical=["city"])
    with pytest.raises(ValueError, match="got 'city'"):
        data.table(GOOD.assign(city="Rome"), categorical=["city"])


def test_names_columns_that_are_constant_in_a_part():
    rare = data.table(GOOD.assign(a=[1.5, 1.5, 2.0]), columns=["a", "n"])
    part = data.table(GOOD.assign(a=1.5), like=rare)
    with pytest.raises(ValueError, match=r"got 'a' \(all 1\.5\)"):
        part.moments()


def test_names_infinite_and_broken_numbers():
    with pytest.raises(ValueError, match="'a' must be finite; got 2 values of NaN or inf"):
        data.table(GOOD.assign(a=[1.5, np.inf, -np.inf]), columns=["a", "n"])
    with pytest.raises(ValueError, match=r"'a' must have whole numbers; got 1\.5"):
        data.table(GOOD, columns=["a", "n"], integer=["a"])
    with pytest.raises(ValueError, match="'n' must have integers of at most"):
        data.table(GOOD.assign(n=[1, 2, 2**60]), columns=["n"])


def test_names_columns_that_a_dtype_cannot_hold():
    seconds = pd.DataFrame({"time": 1.6e9 + np.arange(5) + 0.5, "id": 10**7 + np.arange(5)})
    table = data.table(seconds)
    with pytest.raises(ValueError, match=r"float32, which holds 'time' in .*, 'id' .*float64"):
        table.batches(2)
    (batch,) = table.batches(5, shuffle=False, dtype="float64")
    np.testing.assert_array_equal(np.floor(batch[:, 1]), seconds["id"])
    large = data.table(np.array([[2**49], [0]]))
    with pytest.raises(ValueError, match=r"float32.*'x0'"):
        large.batches(2)
    assert len(large.batches(2, dtype="float64")) == 1


def test_names_unseen_categories():
    with pytest.raises(ValueError, match=r"'city' must have .*'Bonn', 'Oslo'\]; got 'Rome'"):
        data.table(GOOD.assign(city="Rome"), like=TABLE)
    with pytest.raises(TypeError, match="Column 'a' must have numbers; got"):
        data.table(GOOD.assign(a="x"), like=TABLE)


@pytest.mark.parametrize("argument", ["columns", "categorical", "integer", "like"])
def test_names_columns_that_are_not_there(argument):
    given = GOOD[["a", "n"]] if argument == "like" else GOOD
    with pytest.raises(ValueError, match=r"city|town"):
        data.table(given, **{argument: TABLE if argument == "like" else ["town"]})


def test_refuses_contradictions():
    with pytest.raises(ValueError, match=r"\['n'\] in both"):
        data.table(GOOD, categorical=["n"], integer=["n"])
    with pytest.raises(TypeError, match="sequence of names; got 'city'"):
        data.table(GOOD, categorical="city")
    with pytest.raises(TypeError, match="`columns` must be a sequence of names; got 'an'"):
        data.table(GOOD, columns="an")
    with pytest.raises(ValueError, match="`like` must come without"):
        data.table(GOOD, like=TABLE, integer=["n"])
    with pytest.raises(ValueError, match="'a' twice"):
        data.table(pd.DataFrame([[1.5, 2.5]], columns=["a", "a"]))
    with pytest.raises(ValueError, match="2 names, one for each column; got 1"):
        data.table(np.ones([3, 2]), columns=["a"])


@pytest.mark.parametrize("source", [np.ones(3), np.ones([2, 2, 2]), 1.0, None, {"a": [1]}])
def test_refuses_other_sources(source):
    with pytest.raises(TypeError, match=r"2-D array, a pandas.DataFrame or the path .*; got"):
        data.table(source)


@pytest.mark.parametrize("source", [np.ones([0, 2]), np.ones([2, 0]), GOOD[:0], GOOD[[]]])
def test_refuses_no_rows(source):
    with pytest.raises(ValueError, match="at least 1 row and 1 column; got"):
        data.table(source)


def test_arrays_need_no_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = data.table([[1.5, 2.5], [3.5, 5.5]])
    assert list(table.to_columns(table.values)) == ["x0", "x1"]
    with pytest.raises(ImportError):
        data.table("rows.csv")
