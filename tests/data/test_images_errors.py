import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import images

PIXELS = np.random.default_rng(0).integers(0, 256, (23, 4, 3, 2), np.uint8)


def as_dataset(arrays):
    return tf.data.Dataset.from_tensor_slices(arrays)


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
def test_checks_pixels_at_the_call(source):
    with pytest.raises(ValueError, match=r"`source` must have levels in 0\.\.16; got the range"):
        images(source(PIXELS), batch_size=5, num_levels=17)
    with pytest.raises(ValueError, match=r"levels in 0\.\.255; got the range"):
        images(source(PIXELS.astype(np.int32) + 1), batch_size=5)


def test_checks_pixels_of_streams_when_read():
    batches = images(as_dataset(PIXELS), batch_size=5, num_levels=17, cache=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"levels in 0\.\.16; got the range"):
        list(batches)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (PIXELS.astype(np.float32), TypeError, "`source` must be of an integer dtype.*float32"),
        (as_dataset(PIXELS / 255), TypeError, "`source` must be of an integer dtype.*float64"),
        (PIXELS.reshape(23, -1), ValueError, r"shape \[n, H, W, C\]; got shape \(23, 24\)"),
        (as_dataset(PIXELS).batch(2), ValueError, r"not of batches; got shape \(None, 4, 3, 2\)"),
        (PIXELS[:0], ValueError, "at least 1 image; got 0"),
        (as_dataset(PIXELS).take(0), ValueError, "at least 1 image; got 0"),
        (as_dataset(PIXELS).filter(lambda _: False), ValueError, "at least 1 image; got 0"),
        ((PIXELS, np.zeros(22)), ValueError, r"a label for each of 23 images; got .*\(22,\)"),
        (as_dataset({"x": PIXELS}), TypeError, "or of dicts with 'image'; got elements"),
        (17, TypeError, "must be a name, a directory, an array.*; got a int"),
        ([[1, 2]], TypeError, "must be a name, a directory, an array.*; got a list"),
    ],
)
def test_refuses_a_bad_source(source, error, message):
    with pytest.raises(error, match=message):
        images(source, batch_size=5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(23) % 3, r"only classes of \['a', 'b'\]; got 3 classes"),
        (np.arange(23) / 23, r"`class_names` must not be given for labels of float64"),
    ],
)
def test_refuses_names_that_do_not_fit_the_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        images((PIXELS, labels), batch_size=5, labels=True, class_names=("a", "b"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "`batch_size` must be .* at least 1; got 0"),
        ({"batch_size": 2.5}, TypeError, "`batch_size` must be .* at least 1; got 2.5"),
        ({"num_bits": 9}, ValueError, r"`num_bits` must be an integer in 1\.\.8; got 9"),
        ({"num_levels": 1}, ValueError, "`num_levels` must be .*; got 1"),
        ({"num_bits": 5, "num_levels": 17}, ValueError, "`num_bits` must not be given with"),
        ({"scaling": "logit"}, ValueError, "`scaling` must be one of .*'unit'.*; got 'logit'"),
        ({"scaling": "centered", "dequantize": False}, ValueError, "without `dequantize`; got 'c"),
        ({"size": 8}, TypeError, r"must be \(height, width\), such as \(8, 8\); got 8"),
        (
            {"class_names": ("a", "b")},
            ValueError,
            "`class_names` must not be given without `labels`",
        ),
        ({"labels": True, "class_names": "ab"}, TypeError, "`class_names` must be .*; got 'ab'"),
        ({"labels": True, "class_names": ("a", 1)}, TypeError, r"`class_names` must .*\('a', 1\)"),
        ({"labels": True, "class_names": ()}, ValueError, r"`class_names` must .*; got \(\)"),
        ({"labels": True, "class_names": ("a", "a")}, ValueError, r"different.*\('a', 'a'\)"),
        ({"channels": 2}, ValueError, "`channels` must be 1 for grey images or 3 .*; got 2"),
        ({"channels": 4}, ValueError, r"`channels` must be an integer in 1\.\.3; got 4"),
        ({"channels": 1}, ValueError, "grey or RGB images with `channels`; got 2 channels"),
        ({"size": (8, 8, 1)}, ValueError, r"`size` must be \(height, width\); got \(8, 8, 1\)"),
        ({"fit": "stretch"}, ValueError, "`fit` must be one of .*; got 'stretch'"),
        ({"size": (8, 8)}, ValueError, r"at least `size`, 8x8, with `fit=\"crop\"`; got .*4x3"),
        ({"size": (2, 2), "fit": "pad"}, ValueError, r"at most `size`, 2x2, .*; got .*4x3"),
        ({"shift": -1}, ValueError, "`shift` must be .* at least 0; got -1"),
        ({"labels": True}, ValueError, "`labels` must be False for images without labels"),
        ({"shard": (2, 2)}, ValueError, r"`shard\[0\]` must be an integer in 0\.\.1; got 2"),
        ({"shard": 3}, TypeError, r"`shard` must be a pair \(index, count\); got 3"),
        ({"shard": (30, 31)}, ValueError, "at least 1 image; got 0"),
        ({"seed": 1.5}, TypeError, "`seed` must be an integer of at least 0; got 1.5"),
        ({"cache": 3}, TypeError, "`cache` must be True, False or a path; got 3"),
        ({"batch_size": 24, "drop_remainder": True}, ValueError, "must be at most 23.*; got 24"),
    ],
)
def test_refuses_a_bad_option(options, error, message):
    with pytest.raises(error, match=message):
        images(PIXELS, **({"batch_size": 5} | options))


def test_an_infinite_dataset_is_neither_cached_nor_shuffled():
    endless = as_dataset(PIXELS).repeat()
    with pytest.raises(ValueError, match="finite with `cache`; got an infinite"):
        images(endless, batch_size=5)
    with pytest.raises(ValueError, match="finite with `shuffle`; got an infinite"):
        images(endless, batch_size=5, cache=False)
    batches = images(endless, batch_size=50, cache=False, shuffle=False)
    assert next(iter(batches)).shape[0] == 50


def test_images_of_a_dataset_of_unknown_sizes_need_a_size():
    ragged = tf.data.Dataset.range(3, 9).map(lambda n: tf.zeros([n, n, 1], tf.uint8))
    with pytest.raises(ValueError, match="`size` must be given for images of shape"):
        images(ragged, batch_size=2)
    assert next(iter(images(ragged, batch_size=2, size=(4, 4), fit="resize"))).shape == (2, 4, 4, 1)
    with pytest.raises(ValueError, match="at least `size`, 4x4"):
        images(ragged, batch_size=2, size=(4, 4))
