"""Sources and columns of tables."""

import pathlib

import numpy as np
import pandas as pd
import pytest

from tfp_flows import data

FRAME = pd.DataFrame(
    {
        "height": [1.5, 1.75, 1.25, 2.0, 1.5],
        "children": [0, 3, 1, 1, 7],
        "city": ["Oslo", "Bonn", "Oslo", "Rome", "Bonn"],
        "member": [True, False, True, True, False],
    }
)
NUMBERS = [[1.5, 0, 1, 1], [1.75, 3, 0, 0], [1.25, 1, 1, 1], [2.0, 1, 2, 1], [1.5, 7, 0, 0]]
ARRAY = np.array(NUMBERS)


def kinds(table):
    return [column.kind for column in table.schema]


def test_reads_a_frame():
    table = data.table(FRAME, categorical=["city"])
    np.testing.assert_array_equal(table.values, NUMBERS)
    assert table.columns == ("height", "children", "city", "member")
    assert kinds(table) == ["real", "integer", "categorical", "categorical"]
    assert table.categories == {"city": ("Bonn", "Oslo", "Rome"), "member": (False, True)}
    assert table.num_rows == 5


@pytest.mark.parametrize("name", ["people.csv", "people.csv.gz"])
@pytest.mark.parametrize("as_path", [str, pathlib.Path])
def test_reads_csv_files(tmp_path, name, as_path):
    FRAME.to_csv(tmp_path / name, index=False)
    table = data.table(as_path(tmp_path / name), categorical=["city"])
    np.testing.assert_array_equal(table.values, NUMBERS)
    assert kinds(table) == ["real", "integer", "categorical", "categorical"]


def test_reads_columns_that_could_hold_na():
    table = data.table(FRAME.convert_dtypes(), categorical=["city"])
    np.testing.assert_array_equal(table.values, NUMBERS)
    assert kinds(table) == ["real", "integer", "categorical", "categorical"]


def test_takes_the_columns_that_are_named_in_that_order():
    table = data.table(FRAME, columns=["member", "height"])
    assert table.columns == ("member", "height")
    np.testing.assert_array_equal(table.values, ARRAY[:, [3, 0]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_reads_a_floating_array(dtype):
    table = data.table(np.asarray(FRAME[["height"]], dtype), columns=["height"])
    assert kinds(table) == ["real"]
    assert table.values.dtype == np.promote_types(dtype, np.float32)
    np.testing.assert_array_equal(table.values[:, 0], FRAME["height"])


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64])
def test_reads_an_array_of_integers(dtype):
    table = data.table(np.array([[-1, 2], [3, 40]]).astype(dtype))
    assert table.columns == ("x0", "x1")
    assert kinds(table) == ["integer", "integer"]
    np.testing.assert_array_equal(table.values, np.array([[-1, 2], [3, 40]]).astype(dtype))


def test_reads_booleans_and_lists():
    assert data.table(np.eye(3, dtype=bool)).categories["x2"] == (False, True)
    np.testing.assert_array_equal(data.table([[1.5, 2.5], [3.5, 4.5]]).values[1], [3.5, 4.5])


def test_kinds_can_be_named():
    table = data.table(ARRAY[:, :3], integer=["x1"], categorical=["x2"])
    assert kinds(table) == ["real", "integer", "categorical"]
    assert table.categories == {"x2": (0.0, 1.0, 2.0)}
    digits = data.table(np.array([[7, 1], [3, 2]]), categorical=["x0"])
    np.testing.assert_array_equal(digits.values[:, 0], [1, 0])


def test_categories_of_pandas_keep_their_order_also_unseen_ones():
    sizes = pd.Categorical(["small", "large"], categories=["small", "middle", "large"])
    table = data.table(pd.DataFrame({"size": sizes}))
    assert table.categories == {"size": ("small", "middle", "large")}
    np.testing.assert_array_equal(table.values[:, 0], [0, 2])


def test_codes_have_no_holes_and_integers_keep_theirs():
    few = pd.DataFrame({"code": [3, 9, 9, 40], "count": [3, 9, 9, 40]})
    table = data.table(few, categorical=["code"])
    np.testing.assert_array_equal(table.values, [[0, 3], [1, 9], [1, 9], [2, 40]])


def test_other_rows_are_read_like_the_first():
    table = data.table(FRAME, categorical=["city"])
    # In another order, constant, without one of the cities, with an integer that came as a float.
    other = FRAME.iloc[[3, 3], ::-1].astype({"children": float})
    np.testing.assert_array_equal(data.table(other, like=table).values, [NUMBERS[3]] * 2)
    assert data.table(other, like=table).categories == table.categories


def test_warns_of_real_columns_of_whole_numbers():
    with pytest.warns(UserWarning, match=r"columns \['x1', 'x2', 'x3'\] hold whole numbers"):
        data.table(ARRAY)


def test_says_of_what_kind_columns_are():
    counts = FRAME.assign(visits=np.random.default_rng(0).poisson(90.0, 5))
    said = repr(data.table(counts, columns=["height", "visits", "member"]))
    assert said == "<Table of 5 rows, 'height': real, 'visits': integer, 'member': categorical>"
