"""The number of the epoch and the seed determine every batch."""

import gc
import hashlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import images, quantize

PIXELS = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 1), np.uint8)
PIXELS[:, 0, 0, 0] = np.arange(200)
OPTIONS = {"batch_size": 16, "seed": 7, "flip": True, "shift": 1}
HASH = """
import hashlib, numpy as np, tensorflow as tf
from tfp_flows.data import images
tf.random.set_seed(5)
pixels = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 1), np.uint8)
pixels[:, 0, 0, 0] = np.arange(200)
for source in (pixels, tf.data.Dataset.from_tensor_slices(pixels)):
    batches = images(source, batch_size=16, seed=7, flip=True, shift=1, cache=source is pixels)
    batches.epoch = 3
    epoch = np.concatenate(list(batches.dataset.as_numpy_iterator()))
    print(hashlib.sha256(epoch.tobytes()).hexdigest())
"""


def make(*, stream=False, **options):
    source = tf.data.Dataset.from_tensor_slices(PIXELS) if stream else PIXELS
    return images(source, cache=not stream, **(OPTIONS | options))


def epoch(batches, number=None):
    if number is not None:
        batches.epoch = number
    return np.concatenate(list(batches.dataset.as_numpy_iterator()))


def order(x):
    return quantize(x, 256).numpy()[:, 0, 0, 0].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_an_epoch_is_the_same_however_it_is_reached(stream):
    one, two = make(stream=stream), make(stream=stream)
    epochs = [epoch(one) for _ in range(3)]
    assert one.epoch == 3
    for number in (2, 0, 1):
        np.testing.assert_array_equal(epoch(two, number), epochs[number])
    for _ in range(3):
        next(iter(two))  # left early
    np.testing.assert_array_equal(epoch(two, 1), epochs[1])
    tf.random.set_seed(99)
    np.testing.assert_array_equal(epoch(make(stream=stream)), epochs[0])


@pytest.mark.slow
def test_an_epoch_is_the_same_in_another_process():
    done = subprocess.run([sys.executable, "-c", HASH], stdout=subprocess.PIPE, check=True)
    ours = [epoch(make(stream=stream), 3) for stream in (False, True)]
    hashes = [hashlib.sha256(x.tobytes()).hexdigest() for x in ours]
    assert done.stdout.decode().split() == hashes


def test_an_iterator_that_is_not_read_uses_no_epoch_up():
    batches = make()
    iter(batches)
    assert batches.epoch == 0
    next(iter(batches))
    assert batches.epoch == 1


@pytest.mark.parametrize("stream", [False, True])
def test_epochs_differ_in_order_and_noise(stream):
    batches = make(stream=stream, flip=False, shift=0)
    one, two = epoch(batches), epoch(batches)
    one, two = order(one), order(two)  # short in a report
    assert sorted(one) != one != two
    still = make(stream=stream, flip=False, shift=0, shuffle=False)
    assert np.mean(epoch(still) == epoch(still)) < 0.01


def test_shuffles_over_all_images():
    for seen in (order(epoch(make(flip=False, shift=0, drop_remainder=False), e)) for e in (0, 1)):
        assert sorted(seen) == list(range(200))
        # The mean distance from the old place is n / 3 for a permutation of all.
        assert np.abs(np.array(seen) - np.arange(200)).mean() > 50


def test_noise_differs_between_batches_and_images():
    zeros = np.zeros((60, 8, 8, 1), np.uint8)
    x = epoch(images(zeros, batch_size=20, num_levels=17, seed=3))
    assert len(np.unique(x)) > 0.99 * x.size


def test_seeds_differ_and_none_draws_one():
    assert not np.array_equal(epoch(make(seed=1)), epoch(make(seed=2)))
    assert not np.array_equal(epoch(make(seed=None)), epoch(make(seed=None)))
    drawn = []
    for _ in range(2):
        tf.random.set_seed(4)
        drawn.append(epoch(make(seed=None)))
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("stream", [False, True])
def test_goes_on_in_the_middle_of_an_epoch(stream):
    batches = make(stream=stream)
    straight = np.concatenate([epoch(batches, number) for number in (0, 1, 2)])
    assert len(batches) == 12
    resumed = np.concatenate(list(batches.endless(12 + 5).take(19).as_numpy_iterator()))
    np.testing.assert_array_equal(resumed, straight[17 * 16 :])


@pytest.mark.parametrize("stream", [False, True])
def test_shards_are_disjoint_and_complete(stream):
    options = {"flip": False, "shift": 0, "drop_remainder": False, "stream": stream}
    parts = [make(shard=(index, 3), **options) for index in range(3)]
    orders = [order(epoch(part)) for part in parts]
    assert [part.num_events for part in parts] == [67, 67, 66]
    assert sorted(np.concatenate(orders)) == list(range(200))
    same = [images(PIXELS[:1].repeat(90, 0), batch_size=9, seed=1, shard=(i, 2)) for i in (0, 1)]
    assert np.mean(epoch(same[0]) == epoch(same[1])) < 0.01


def test_files_keep_the_images_once_for_each_set_of_options(tmp_path):
    reads = []

    def read(x):
        tf.py_function(lambda: reads.append(1), [], [])
        return x

    source = tf.data.Dataset.from_tensor_slices(PIXELS).map(read)
    batches = images(source, cache=tmp_path / "new" / "kept", **OPTIONS)
    next(iter(batches))
    np.testing.assert_array_equal(epoch(batches, 2), epoch(make(stream=True), 2))
    assert len(reads) == 200
    again = images(source, cache=str(tmp_path / "new" / "kept"), **OPTIONS)
    np.testing.assert_array_equal(epoch(again, 2), epoch(batches, 2))
    assert len(reads) == 200
    # Nothing of what was written beside is left.
    (directory,) = (tmp_path / "new").iterdir()
    assert directory.name.startswith("kept-")
    other = images(source, cache=str(tmp_path / "new" / "kept"), num_bits=5, **OPTIONS)
    assert epoch(other).shape == (192, 4, 4, 1)
    assert len(reads) == 400


def test_memory_is_read_once():
    reads = []

    def generate():
        reads.append(1)
        yield from PIXELS

    source = tf.data.Dataset.from_generator(
        generate, output_signature=tf.TensorSpec([4, 4, 1], tf.uint8)
    )
    batches = images(source, **OPTIONS)
    assert batches.num_events == 200
    epoch(batches), epoch(batches)
    assert len(reads) == 1


def test_the_dataset_outlives_the_batches_and_runs_in_graphs():
    dataset = make().dataset
    gc.collect()

    @tf.function
    def total():
        result = tf.constant(0.0)
        for batch in dataset:
            result += tf.reduce_sum(batch)
        return result

    wanted = [epoch(make(), number).sum() for number in (0, 1)]
    np.testing.assert_allclose([total(), total()], wanted, rtol=1e-5)


def test_runs_under_a_strategy(mirrored):
    with mirrored.scope():
        batches = make()
    distributed = mirrored.experimental_distribute_dataset(batches.dataset)
    parts = [np.concatenate(mirrored.experimental_local_results(batch)) for batch in distributed]
    np.testing.assert_array_equal(np.concatenate(parts), epoch(make(), 0))


@pytest.mark.parametrize("stream", [False, True])
def test_no_autotuner_holds_the_end_of_an_epoch_up(stream):
    """One may sleep through the end of its iterator, for up to a minute: seen for 1 in 10."""
    batches = make(stream=stream)
    for dataset in (batches.dataset, batches.endless()):
        assert dataset.options().autotune.enabled is False
