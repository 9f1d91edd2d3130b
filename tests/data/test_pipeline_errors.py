import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import batches

SIZE = 23


def make_images(size=SIZE):
    return np.random.default_rng(0).integers(0, 256, (size, 4, 3, 2), np.uint8)


def as_dataset(images):
    return tf.data.Dataset.from_tensor_slices(images)


def test_checks_pixels_of_arrays_at_the_call():
    with pytest.raises(ValueError, match=r"levels in 0\.\.16; got the range \d+\.\.25\d\."):
        batches(make_images(), 5, num_levels=17)


def test_checks_pixels_of_datasets_when_read():
    dataset = batches(as_dataset(make_images()), 5, num_levels=17)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"levels in 0\.\.16; got the range"):
        list(dataset)


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
def test_refuses_floating_images(source):
    with pytest.raises(TypeError, match=r"`images` must be of an integer dtype.*got float32"):
        batches(source(make_images().astype(np.float32)), 5, num_levels=256)


def test_refuses_images_of_another_rank():
    flat = make_images().reshape(SIZE, -1)
    with pytest.raises(ValueError, match=r"shape \[n, H, W, C\]; got shape \(23, 24\)"):
        batches(flat, 5, num_levels=256)
    with pytest.raises(ValueError, match=r"shape \[H, W, C\]; got shape \(24,\)"):
        batches(as_dataset(flat), 5, num_levels=256)


def test_refuses_a_dataset_of_pairs():
    pairs = as_dataset((make_images(), np.arange(SIZE)))
    with pytest.raises(TypeError, match=r"dataset of single tensors; got elements .*TensorSpec"):
        batches(pairs, 5, num_levels=256)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_refuses_labels_that_are_not_floating(dtype):
    labels = np.zeros(SIZE, dtype)
    with pytest.raises(TypeError, match=f"floating dtype .*one-hot.*; got {labels.dtype}"):
        batches(make_images(), 5, num_levels=256, labels=labels)


@pytest.mark.parametrize("shape", [(22, 10), (24, 10), ()])
def test_refuses_labels_of_another_number(shape):
    with pytest.raises(ValueError, match=r"`labels` must have 23 rows.*; got shape \("):
        batches(make_images(), 5, num_levels=256, labels=np.zeros(shape))


def test_refuses_labels_for_a_dataset_of_unknown_size():
    unknown = as_dataset(make_images()).filter(lambda _: True)
    with pytest.raises(ValueError, match="known size to go with `labels`; got unknown size"):
        batches(unknown, 5, num_levels=256, labels=np.zeros((SIZE, 10)))


def test_refuses_to_shuffle_an_infinite_dataset():
    endless = as_dataset(make_images()).repeat()
    with pytest.raises(ValueError, match="finite with `shuffle`; got an infinite"):
        batches(endless, 5, num_levels=256)
    dataset = batches(endless, 50, num_levels=256, shuffle=False)
    assert next(iter(dataset)).shape[0] == 50


def test_refuses_batches_that_could_never_fill():
    with pytest.raises(ValueError, match=r"`batch_size` must be at most 23.*; got 24"):
        batches(make_images(), 24, num_levels=256, drop_remainder=True)


def test_refuses_no_images():
    with pytest.raises(ValueError, match="at least 1 image; got 0"):
        batches(make_images(0), 5, num_levels=256)


@pytest.mark.parametrize(
    ("batch_size", "error"), [(0, ValueError), (-3, ValueError), (2.5, TypeError)]
)
def test_refuses_a_bad_batch_size(batch_size, error):
    with pytest.raises(error, match=f"`batch_size` must be .*at least 1; got {batch_size}"):
        batches(make_images(), batch_size, num_levels=256)


def test_refuses_one_level():
    with pytest.raises(ValueError, match=r"`num_levels` must be .*; got 1"):
        batches(make_images(), 5, num_levels=1)
