"""Parts, batches, moments and samples of tables."""

import pathlib

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, data

SHARED = pathlib.Path(__file__).parents[2] / "../shared/data"
SIZE = 101


def make_table(size=SIZE):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.arange(size),
            "real": rng.normal(5.0, 2.0, size),
            "city": rng.choice(["Oslo", "Bonn", "Rome"], size),
        }
    )
    return data.table(frame, categorical=["city"])


def epoch(dataset):
    return np.concatenate(list(dataset))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((0.8, 0.1, 0.1), [81, 10, 10]), ((61, 40), [61, 40]), ([1.0], [101]), ((1 / 3,) * 3, None)],
)
def test_parts_are_disjoint_and_complete(sizes, expected):
    table = make_table()
    parts = table.split(sizes, seed=3)
    if expected is not None:
        assert [part.num_rows for part in parts] == expected
    assert all(part.schema == table.schema for part in parts)
    rows = np.concatenate([part.values for part in parts])
    np.testing.assert_array_equal(rows[np.argsort(rows[:, 0])], table.values)


def test_parts_are_random_and_reproducible():
    table = make_table()
    first, again, other = (table.split((0.5, 0.5), seed=s)[0].values for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first[:, 0].max() > 80


@pytest.mark.parametrize(
    ("sizes", "error", "match"),
    [
        ((0.5, 0.4), ValueError, r"which add up to 0\.9"),
        ((50, 50), ValueError, "add up to 101; got .*which add up to 100"),
        ((1.5, -0.5), ValueError, "fractions"),
        ((0.999, 0.001), ValueError, r"at least 1 row; got \[101, 0\]"),
        (0.5, TypeError, "fractions"),
        (("0.5", 0.5), TypeError, "fractions"),
        ((), TypeError, "fractions"),
    ],
)
def test_refuses_other_sizes(sizes, error, match):
    with pytest.raises(error, match=match):
        make_table().split(sizes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batches_hold_each_row_once(dtype):
    table = make_table()
    batches = table.batches(8, seed=1, dtype=dtype)
    assert batches.dataset.element_spec == tf.TensorSpec([None, 3], dtype)
    rows = epoch(batches)
    assert (rows[:, 0] != np.sort(rows[:, 0])).any()
    rows = rows[np.argsort(rows[:, 0])]
    np.testing.assert_array_equal(np.floor(rows[:, [0, 2]]), table.values[:, [0, 2]])
    np.testing.assert_array_equal(rows[:, 1], table.values[:, 1].astype(dtype))
    assert len(np.unique(rows[:, 2] % 1)) > 95


def test_epochs_differ_and_are_numbered():
    one, two = (make_table().batches(8, seed=7) for _ in range(2))
    first, second = epoch(one), epoch(one)
    assert one.epoch == 2
    assert np.mean(np.sort(first[:, 2]) == np.sort(second[:, 2])) < 0.1
    assert (np.floor(first[:, 0]) != np.floor(second[:, 0])).any()
    for number, expected in ((1, second), (0, first)):
        two.epoch = number
        np.testing.assert_array_equal(epoch(two), expected)


def test_drops_the_remainder_when_asked():
    batches = make_table().batches(50, drop_remainder=True, shuffle=False)
    assert [len(batch) for batch in batches] == [50, 50]
    with pytest.raises(ValueError, match="at most 101"):
        make_table().batches(102, drop_remainder=True)
    with pytest.raises(ValueError, match="at least 1; got 0"):
        make_table().batches(0)
    with pytest.raises(ValueError, match=r"`dtype` must be .*; got 'float16'"):
        make_table().batches(8, dtype="float16")


def test_noise_never_reaches_the_next_integer():
    # A float32 has 128 places in a bin of numbers this large: one sum in 256 would be rounded up.
    table = data.table(np.array([[-(2**17)], [0], [2**17 - 1]]))
    rows = epoch(table.batches(3, shuffle=False, seed=0).dataset.repeat(1000))
    np.testing.assert_array_equal(np.floor(rows), np.tile(table.values, (1000, 1)))


def test_log_density_of_noisy_rows_is_the_log_probability_of_the_integers():
    """A density that is constant in each bin makes the bound an equality."""
    counts, probs = np.array([-1, 0, 2]), np.array([0.5, 0.2, 0.3])
    table = data.table(np.repeat(counts, [5, 2, 3])[:, None])
    edges = tf.constant([-1.0, 0.0, 2.0])
    uniform = tfp.distributions.Uniform(edges, edges + 1.0)
    mixture = tfp.distributions.MixtureSameFamily(
        tfp.distributions.Categorical(probs=probs.astype("float32")), uniform
    )
    (batch,) = table.batches(10, shuffle=False)
    expected = np.log(np.repeat(probs, [5, 2, 3]))
    np.testing.assert_allclose(mixture.log_prob(batch)[:, 0], expected, rtol=1e-5)


def test_log_density_is_a_lower_bound_of_the_log_probability():
    table = data.table(np.arange(-2, 5)[:, None])
    normal = tfp.distributions.Normal([0.0], [1.0])
    flow = tfp.distributions.TransformedDistribution(
        tfp.distributions.Independent(normal, 1), bijectors.Standardize([1.0], [2.0])
    )
    batches = table.batches(7, shuffle=False, seed=0).dataset.repeat(500)
    bound = np.mean(flow.log_prob(epoch(batches).reshape(500, 7, 1)), axis=0)
    cdf = tfp.distributions.Normal(1.0, 2.0).cdf
    left = table.values[:, 0].astype("float32")
    exact = np.log(cdf(left + 1) - cdf(left))
    assert (bound < exact + 0.01).all()
    np.testing.assert_allclose(bound, exact, atol=0.05)


def test_moments_are_those_of_the_batches():
    table = make_table()
    rows = epoch(table.batches(8, dtype="float64", seed=0).dataset.repeat(300))
    layer = bijectors.Standardize(*table.moments(), dtype=tf.float64)
    z = layer.inverse(rows).numpy()
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=0.01)
    real = z[:, 1]
    np.testing.assert_allclose([real.mean(), real.std()], [0.0, 1.0], atol=1e-9)


def test_samples_become_rows_again():
    table = make_table()
    samples = [[-0.5, 1.25, -3.0], [3.999, -1.5, 1.5], [4.0, 0.0, 9.0]]
    frame = table.to_frame(tf.constant(samples))
    assert frame["id"].tolist() == [-1, 3, 4]
    assert frame["real"].tolist() == [1.25, -1.5, 0.0]
    assert frame["city"].tolist() == ["Bonn", "Oslo", "Rome"]
    with pytest.raises(ValueError, match=r"shape \[n, 3\]; got \(2, 2\)"):
        table.to_columns(np.ones([2, 2]))
    with pytest.raises(ValueError, match="finite; got 1 rows"):
        table.to_columns([[1.0, 2.0, np.nan], [0.0, 0.0, 0.0]])


def test_rows_survive_batches_and_back():
    table = make_table()
    frame = table.to_frame(epoch(table.batches(8, shuffle=False)))
    again = data.table(frame, like=table)
    np.testing.assert_allclose(again.values, table.values, rtol=1e-6)


def test_gaussian_of_miniboone_has_its_documented_score():
    folder = SHARED / "miniboone"
    if not folder.is_dir():
        pytest.skip(f"no MINIBOONE in {folder}")
    fitted = data.table(np.load(folder / "val.npy"))
    test = data.table(np.load(folder / "test.npy"), like=fitted)
    assert (fitted.num_rows, test.num_rows) == (3284, 3648)
    covariance = np.cov(fitted.values, rowvar=False)
    gaussian = tfp.distributions.MultivariateNormalTriL(
        fitted.values.mean(axis=0), np.linalg.cholesky(covariance)
    )
    assert np.mean(gaussian.log_prob(test.values)) == pytest.approx(-37.72, abs=0.01)


def test_shards_are_disjoint_and_complete():
    table = data.table(np.arange(14.0).reshape(7, 2))
    parts = [table.batches(2, shard=(index, 3), seed=0) for index in range(3)]
    assert [part.shard for part in parts] == [(0, 3), (1, 3), (2, 3)]
    rows = np.concatenate([batch for part in parts for batch in part])
    np.testing.assert_array_equal(rows[np.argsort(rows[:, 0])], table.values)
    with pytest.raises(ValueError, match=r"`shard` must leave at least 1 row; got \(7, 8\)"):
        table.batches(2, shard=(7, 8))
