"""What each option of `images` makes of arrays and datasets."""

import pathlib
import resource

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import data
from tfp_flows.data import bin_width, images, quantize
from tfp_flows.ops.bits import bits_per_dim

SIZE = 23
BITS = [pytest.param(n, marks=[] if n in (1, 5, 8) else pytest.mark.slow) for n in range(1, 9)]
SCALINGS = {"unit": (0, 1), "centered": (-0.5, 0.5), "symmetric": (-1, 1), "integers": (0, None)}


def make_images(size=SIZE, shape=(4, 6, 3), levels=256):
    # The first pixel tells which image it is.
    pixels = np.random.default_rng(0).integers(0, levels, (size, *shape), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(size) % levels
    return pixels


def as_dataset(arrays):
    return tf.data.Dataset.from_tensor_slices(arrays)


def epoch(batches):
    return np.concatenate(list(batches.dataset.as_numpy_iterator()))


def integers(source, **options):
    options = {"shuffle": False, "dequantize": False, "batch_size": 5} | options
    return epoch(images(source, **options))


@pytest.mark.parametrize("source", [np.asarray, as_dataset, tf.constant])
@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("shuffle", [True, False])
def test_yields_each_image_once_an_epoch(source, cache, shuffle):
    pixels = make_images()
    batches = images(source(pixels), batch_size=5, shuffle=shuffle, cache=cache)
    kept = SIZE // 5 * 5 if shuffle else SIZE
    assert batches.num_events == SIZE
    levels = quantize(epoch(batches), 256).numpy()
    assert len(levels) == kept
    which = levels[:, 0, 0, 0]
    assert len(set(which)) == kept
    assert (which.tolist() == list(range(SIZE))) is not shuffle
    np.testing.assert_array_equal(levels, pixels[which])


@pytest.mark.parametrize("num_bits", BITS)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_uniform_density_has_exactly_the_bits_of_the_data(scaling, num_bits):
    batches = images(make_images(), batch_size=SIZE, num_bits=num_bits, scaling=scaling, seed=0)
    low, high = SCALINGS[scaling]
    high = 2**num_bits if high is None else high
    x = next(iter(batches))
    assert low <= tf.reduce_min(x)
    assert tf.reduce_max(x) < high
    nll = x[0].shape.num_elements() * tf.math.log(tf.constant(high - low, tf.float64))
    assert bits_per_dim(nll, x[0].shape.num_elements(), batches.bin_width) == num_bits
    assert batches.bin_width == bin_width(2**num_bits, scaling) == (high - low) / 2**num_bits
    assert batches.num_levels == 2**num_bits


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("levels", [2, 17, 256, 65_536])
def test_scaled_levels_come_back_and_fill_their_bins(scaling, levels):
    x = np.random.default_rng(0).integers(0, levels, 100_000)
    y = data.dequantize(x, levels, seed=[1, 2], scaling=scaling)
    np.testing.assert_array_equal(data.quantize(y, levels, scaling=scaling), x)
    low = SCALINGS[scaling][0]
    inside = (np.float64(y) - low) / bin_width(levels, scaling) - x
    assert -0.01 < inside.min() < 0.01
    assert 0.99 < inside.max() < 1.01
    assert abs(inside.mean() - 0.5) < 0.01


@pytest.mark.parametrize("num_bits", [1, 5, 8])
@pytest.mark.parametrize("source", [np.asarray, as_dataset])
def test_keeps_the_upper_bits(source, num_bits):
    levels = integers(source(make_images()), num_bits=num_bits)
    assert levels.dtype == np.uint8
    np.testing.assert_array_equal(levels, make_images() // 2 ** (8 - num_bits))


def test_levels_of_the_source_stay():
    pixels, labels = data.load_digits()
    batches = images((pixels, labels), batch_size=7, num_levels=17, dequantize=False, shuffle=False)
    assert (batches.num_levels, batches.bin_width, batches.event_shape) == (17, 1.0, (8, 8, 1))
    np.testing.assert_array_equal(epoch(batches), pixels)
    wide = np.arange(1000, dtype=np.int64).reshape(10, 10, 10, 1)
    assert integers(wide, num_levels=1000).dtype == np.int32


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
def test_fits_to_a_size(source):
    pixels = make_images()
    crop = integers(source(pixels), size=(2, 4))
    np.testing.assert_array_equal(crop, pixels[:, 1:3, 1:5])
    pad = integers(source(pixels), size=(8, 6), fit="pad")
    np.testing.assert_array_equal(pad, np.pad(pixels, [(0, 0), (2, 2), (0, 0), (0, 0)]))
    # 4x6 becomes 2x3, of which the left two columns are as much the middle as the right ones.
    means = pixels.reshape(SIZE, 2, 2, 3, 2, 3).mean((2, 4))
    shrunk = integers(source(pixels), size=(2, 2), fit="resize")
    assert np.abs(shrunk - means[:, :, :2]).max() <= 0.5
    assert integers(source(pixels), size=(8, 8), fit="resize").shape == (SIZE, 8, 8, 3)


@pytest.mark.parametrize("make", [lambda *its: its, lambda *its: as_dataset(its)])
def test_names_say_what_numbers_mean(make):
    source = make(np.zeros([3, 4, 4, 1], np.uint8), np.array([1, 0, 1]))
    batches = images(source, "all", batch_size=3, labels=True, class_names=["ant", "bee", "cat"])
    assert (batches.num_classes, batches.class_names) == (3, ("ant", "bee", "cat"))
    assert next(iter(batches))[1].numpy().tolist() == [1, 0, 1]


def test_flips_half_of_the_images_and_no_label():
    pixels = make_images(200)
    x, y = zip(
        *images((pixels, np.arange(200)), batch_size=20, labels=True, flip=True, dequantize=False),
        strict=True,
    )
    x, y = np.concatenate(x), np.concatenate(y)
    same = (x == pixels[y]).all((1, 2, 3))
    turned = (x == pixels[y][:, :, ::-1]).all((1, 2, 3))
    assert (same ^ turned).all()
    assert 60 < turned.sum() < 140
    assert sorted(y) == list(range(200))


def test_shifts_by_all_offsets_and_repeats_edges():
    pixels = make_images(300, (5, 5, 1))
    moved = integers(pixels, shift=1, batch_size=50, seed=3)
    wide = np.pad(pixels, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
    seen = np.zeros([300, 3, 3], bool)
    for i, j in np.ndindex(3, 3):
        seen[:, i, j] = (moved == wide[:, i : i + 5, j : j + 5]).all((1, 2, 3))
    assert (seen.sum((1, 2)) == 1).all()
    assert (seen.sum(0) > 15).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda x, y: (x, y),
        lambda x, y: as_dataset((x, y)),
        lambda x, y: as_dataset({"image": x, "label": y, "id": y}),
    ],
)
@pytest.mark.parametrize(
    "dtype", [pytest.param(np.uint8, marks=pytest.mark.slow), np.int64, np.float32]
)
def test_labels_stay_with_their_images(make, dtype):
    source = make(make_images(), np.arange(SIZE).astype(dtype))
    batches = images(source, batch_size=5, labels=True, seed=1)
    for x, y in batches:
        np.testing.assert_array_equal(quantize(x, 256)[:, 0, 0, 0], y)
        assert y.dtype == dtype
    is_array = isinstance(source, tuple)
    assert batches.num_classes == (SIZE if is_array and dtype != np.float32 else None)
    assert len(next(iter(images(source, batch_size=5)))) == 5


@pytest.mark.parametrize("drop", [False, None])
def test_keeps_image_shapes_static(drop):
    batches = images(make_images(), batch_size=5, drop_remainder=drop)
    wanted = [None if drop is False else 5, 4, 6, 3]
    assert batches.dataset.element_spec == tf.TensorSpec(wanted, tf.float32)
    assert batches.event_shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("drop", "shuffle", "sizes"),
    [
        (False, True, [10, 10, 3]),
        (True, False, [10, 10]),
        (None, True, [10, 10]),
        (None, False, [10, 10, 3]),
    ],
)
def test_drops_the_remainder_when_asked_or_in_training(drop, shuffle, sizes):
    batches = images(make_images(), batch_size=10, drop_remainder=drop, shuffle=shuffle)
    assert [len(batch) for batch in batches] == sizes
    assert len(batches) == len(batches.dataset) == len(sizes)
    assert len(images(make_images(), batch_size=30, shuffle=shuffle)) == 1


def test_a_dataset_of_unknown_size_has_no_length():
    unknown = as_dataset(make_images()).filter(lambda _: True)
    assert len(images(unknown, batch_size=5, shuffle=False)) == 5
    batches = images(unknown, batch_size=5, shuffle=False, cache=False)
    assert (batches.num_events, len(epoch(batches))) == (None, SIZE)
    with pytest.raises(TypeError, match="must be known for `len`"):
        len(batches)


def test_only_training_is_shuffled_by_default():
    assert integers(make_images(), shuffle=None).tolist() != make_images().tolist()
    test = epoch(images(make_images(), "test", batch_size=5, dequantize=False))
    np.testing.assert_array_equal(test, make_images())


@pytest.mark.parametrize("source", [np.asarray, as_dataset])
def test_arrays_become_grey_or_rgb(source):
    rgb = make_images()
    grey = integers(source(rgb), channels=1)
    np.testing.assert_allclose(grey, rgb @ [[0.299], [0.587], [0.114]], atol=0.5001)
    back = integers(source(grey.astype(np.int32)), channels=3, num_bits=7)
    np.testing.assert_array_equal(back, np.repeat(grey // 2, 3, axis=-1))
    np.testing.assert_array_equal(integers(source(back), channels=1, num_levels=128), grey // 2)


def test_an_array_is_copied_once_and_read_in_place():
    def resident():
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    if not pathlib.Path("/proc/self/statm").exists():
        pytest.skip("the memory of a process is known on Linux only")
    pixels = np.zeros([1000, 256, 256, 3], np.uint8)
    pixels[:] = 7
    integers(pixels[:5])
    before = resident()
    batches = images((pixels, np.arange(1000)), batch_size=5, num_levels=17, seed=0)
    next(iter(batches))
    # TensorFlow keeps its copy of the array, and some time another one of NumPy's.
    assert resident() - before < 2.6 * pixels.nbytes
