import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import batches, quantize

SIZE = 23


def make_images(size=SIZE):
    # The first pixel tells which image it is.
    images = np.random.default_rng(0).integers(0, 256, (size, 4, 3, 2), np.uint8)
    images[:, 0, 0, 0] = np.arange(size)
    return images


def as_dataset(images):
    return tf.data.Dataset.from_tensor_slices(images)


def epoch(dataset):
    return np.concatenate(list(dataset.as_numpy_iterator()))


def order(y):
    return quantize(y, 256).numpy()[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("source", [np.asarray, as_dataset, tf.constant])
@pytest.mark.parametrize("shuffle", [True, False])
def test_yields_each_image_once_an_epoch(source, shuffle):
    images = make_images()
    y = epoch(batches(source(images), 5, num_levels=256, shuffle=shuffle))
    levels = quantize(y, 256).numpy()
    np.testing.assert_array_equal(levels[np.argsort(order(y))], images)


def test_keeps_the_order_without_shuffle():
    y = epoch(batches(make_images(), 5, num_levels=256, shuffle=False))
    assert order(y) == list(range(SIZE))


def test_shuffles_over_the_whole_array_and_anew_each_epoch():
    images = make_images(200)
    dataset = batches(images, 10, num_levels=256, seed=1)
    first, second = order(epoch(dataset)), order(epoch(dataset))
    assert first != second
    # The mean distance from the old place is n / 3 for a permutation of all.
    for seen in (first, second):
        assert np.abs(np.array(seen) - np.arange(200)).mean() > 50


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
@pytest.mark.parametrize("shuffle", [True, False])
def test_same_seed_gives_the_same_epochs_in_turn(source, shuffle):
    options = {"num_levels": 256, "shuffle": shuffle, "seed": 7}
    one, two = (batches(source(make_images()), 5, **options) for _ in range(2))
    epochs = [epoch(one) for _ in range(3)]
    for expected in epochs:
        np.testing.assert_array_equal(epoch(two), expected)


def test_another_seed_gives_other_orders_and_noise():
    one, two = (epoch(batches(make_images(), 5, num_levels=256, seed=s)) for s in (1, 2))
    assert order(one) != order(two)
    one, two = one[np.argsort(order(one))], two[np.argsort(order(two))]
    assert np.mean(one == two) < 0.01


@pytest.mark.parametrize("seed", [None, 0, 3])
def test_noise_differs_between_epochs(seed):
    dataset = batches(make_images(), 5, num_levels=256, shuffle=False, seed=seed)
    assert np.mean(epoch(dataset) == epoch(dataset)) < 0.01


def test_noise_differs_between_batches_and_images():
    images = np.zeros((6, 8, 8, 1), np.uint8)
    y = epoch(batches(images, 2, num_levels=17, seed=3))
    assert len(np.unique(y)) > 0.99 * y.size


def test_repeat_gives_the_epochs_of_separate_iterators():
    one, two = (batches(make_images(), 5, num_levels=256, seed=7) for _ in range(2))
    np.testing.assert_array_equal(epoch(one.repeat(2)), np.concatenate([epoch(two), epoch(two)]))


def test_without_a_seed_two_datasets_differ():
    one, two = (epoch(batches(make_images(), 5, num_levels=256, shuffle=False)) for _ in range(2))
    assert np.mean(one == two) < 0.01


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
@pytest.mark.parametrize(("drop_remainder", "batch"), [(False, None), (True, 5)])
def test_keeps_image_shapes_static(source, drop_remainder, batch):
    dataset = batches(source(make_images()), 5, num_levels=256, drop_remainder=drop_remainder)
    assert dataset.element_spec == tf.TensorSpec([batch, 4, 3, 2], tf.float32)


@pytest.mark.parametrize(("drop_remainder", "sizes"), [(False, [10, 10, 3]), (True, [10, 10])])
def test_drops_the_remainder_only_when_asked(drop_remainder, sizes):
    dataset = batches(make_images(), 10, num_levels=256, drop_remainder=drop_remainder)
    assert [len(batch) for batch in dataset] == sizes
    assert len(dataset) == len(sizes)


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_context_stays_with_its_image(source, dtype):
    labels = np.stack([np.arange(SIZE), -np.arange(SIZE)], axis=-1).astype(dtype)
    dataset = batches(source(make_images()), 5, num_levels=256, labels=labels)
    assert dataset.element_spec == {
        "x": tf.TensorSpec([None, 4, 3, 2], tf.float32),
        "context": tf.TensorSpec([None, 2], tf.float32),
    }
    seen = []
    for batch in dataset:
        np.testing.assert_array_equal(batch["context"][:, 0], order(batch["x"]))
        seen += order(batch["x"])
    assert sorted(seen) == list(range(SIZE))


def test_is_iterated_anew_by_a_graph_function():
    dataset = batches(make_images(), 5, num_levels=256, seed=7)
    expected = [epoch(batches(make_images(), 5, num_levels=256, seed=7)).mean()]

    @tf.function
    def total():
        result = tf.constant(0.0)
        for batch in dataset:
            result += tf.reduce_sum(batch)
        return result

    means = [float(total()) / make_images().size for _ in range(2)]
    np.testing.assert_allclose(means[:1], expected, rtol=1e-5)
    assert means[0] != means[1]


def test_shuffles_a_dataset_of_unknown_size():
    unknown = as_dataset(make_images(100)).filter(lambda _: True)
    seen = order(epoch(batches(unknown, 10, num_levels=256, seed=1)))
    assert sorted(seen) == list(range(100))
    assert np.abs(np.array(seen) - np.arange(100)).mean() > 20
