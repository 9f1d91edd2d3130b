"""Files of image sets, sound and damaged."""

import gzip
import os
import pathlib
import pickle
import struct
import sys

import numpy as np
import pytest

from tfp_flows.data import images, load_images

SHARED = pathlib.Path(__file__).parents[2] / "../shared/data"
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (3, 28, 28), np.uint8)
LABELS = [7, 0, 9]
ROWS = RNG.integers(0, 256, (2, 3072), np.uint8)


def _idx(magic, array):
    array = np.asarray(array, np.uint8)
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def _write_idx(folder, prefix="train", images=None, labels=None):
    images = _idx(2051, PIXELS) if images is None else images
    labels = _idx(2049, LABELS) if labels is None else labels
    for kind, content in (("images-idx3", images), ("labels-idx1", labels)):
        (folder / f"{prefix}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))


def _python2_string(content):
    return b"T" + struct.pack("<I", len(content)) + content  # BINSTRING


def _published(rows, labels):
    """A batch as Python 2 wrote them: strings are bytes, and NumPy has its old names."""
    key = _python2_string
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + key(b"b") + b"tR"
    dtype = b"cnumpy\ndtype\n(" + key(b"u1") + b"K\x00K\x01tR(K\x03" + key(b"|")
    dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"".join(b"J" + struct.pack("<i", size) for size in rows.shape)
    state = b"(K\x01(" + shape + b"t" + dtype + b"I00\n" + key(rows.tobytes()) + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + key(b"data") + array + state + key(b"labels") + numbers + b"u."


def _write_batches(folder, content=None):
    folder.mkdir(exist_ok=True)
    for i in range(1, 6):
        (folder / f"data_batch_{i}").write_bytes(content or _published(ROWS, [i, 0]))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize(("split", "prefix"), [("train", "train"), ("test", "t10k")])
@pytest.mark.parametrize("as_path", [str, pathlib.Path])
def test_reads_idx_files(tmp_path, name, split, prefix, as_path):
    _write_idx(tmp_path, prefix)
    images, labels = load_images(name, split, directory=as_path(tmp_path))
    np.testing.assert_array_equal(images, PIXELS[..., np.newaxis])
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert labels.tolist() == LABELS
    images[:] = 0  # Ours to change.


@pytest.mark.parametrize("folder", [".", "cifar-10-batches-py"])
def test_reads_python_batches_in_order(tmp_path, folder):
    _write_batches(tmp_path / folder)
    images, labels = load_images("cifar10", directory=tmp_path)
    assert images.shape == (10, 32, 32, 3)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert labels.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
    # Row-major planes: red of pixel (0, 1) is the second number, green starts at 1024.
    assert images[1, 0, 1].tolist() == ROWS[1, [1, 1025, 2049]].tolist()
    assert images[1, 2, 0, 0] == ROWS[1, 64]


def test_classes_of_official_files_have_names(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets", exc_type=ImportError)
    _write_idx(tmp_path)
    _write_batches(tmp_path)
    names = {
        name: images(name, batch_size=2, labels=True, data_dir=tmp_path).class_names
        for name in ("mnist", "fashion_mnist", "cifar10")
    }
    with tfds.testing.mock_data():
        for name in ("mnist", "fashion_mnist"):
            assert names[name] == tuple(tfds.builder(name).info.features["label"].names)
    # Which TensorFlow Datasets reads from the official files.
    assert names["cifar10"][3:6] == ("cat", "deer", "dog")


def test_reads_batches_of_todays_numpy(tmp_path):
    content = pickle.dumps({b"data": ROWS, b"labels": [3, 4]}, protocol=4)
    (tmp_path / "test_batch").write_bytes(content)
    images, labels = load_images("cifar10", "test", directory=tmp_path)
    assert images[0, 0, 0].tolist() == ROWS[0, [0, 1024, 2048]].tolist()
    assert labels.tolist() == [3, 4]


def test_reads_webp_sheets_in_row_major_order(tmp_path):
    image = pytest.importorskip("PIL.Image")
    tiles = RNG.integers(0, 256, (2, 3, 32, 32, 3), np.uint8)
    sheet = tiles.transpose(0, 2, 1, 3, 4).reshape(64, 96, 3)
    image.fromarray(sheet).save(tmp_path / "test_batch.webp", lossless=True)
    np.save(tmp_path / "test_batch.labels.npy", np.arange(6, dtype=np.uint8))
    images, labels = load_images("cifar10", "test", directory=tmp_path)
    np.testing.assert_array_equal(images, tiles.reshape(6, 32, 32, 3))
    assert labels.tolist() == list(range(6))
    np.save(tmp_path / "test_batch.labels.npy", np.arange(5))
    with pytest.raises(ValueError, match=r"test_batch\.labels\.npy` must be a file of 6 integer"):
        load_images("cifar10", "test", directory=tmp_path)
    image.fromarray(sheet[:60]).save(tmp_path / "test_batch.webp", lossless=True)
    with pytest.raises(ValueError, match=r"tiles of 32x32 pixels; got shape \(1, 60, 96, 3\)"):
        load_images("cifar10", "test", directory=tmp_path)


def test_refuses_damaged_sheets(tmp_path):
    (tmp_path / "test_batch.webp").write_bytes(b"RIFF0000WEBPVP8Lxx")
    np.save(tmp_path / "test_batch.labels.npy", np.arange(6))
    with pytest.raises(ValueError, match=r"test_batch\.webp` must be a WebP image; got"):
        load_images("cifar10", "test", directory=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"images": _idx(2049, PIXELS)}, r"train-images.*magic number 2051; got 2049"),
        ({"labels": _idx(2051, LABELS)}, r"train-labels.*magic number 2049; got 2051"),
        ({"images": _idx(2051, PIXELS)[:-1]}, "of 2368 bytes .*; got 2367 bytes"),
        ({"images": _idx(2051, PIXELS) + b"0"}, "of 2368 bytes .*; got 2369 bytes"),
        ({"images": _idx(2051, PIXELS)[:10]}, r"train-images.* must be a"),
        ({"images": b""}, "magic number 2051; got 0"),
        ({"images": _idx(2051, PIXELS[:, :27])}, r"shape \(28, 28\); got \(27, 28\)"),
        ({"labels": _idx(2049, [1, 2])}, r"3 integer labels, one for each image; got uint8 \(2,\)"),
        ({"labels": _idx(2049, [1, 2, 10])}, r"labels in 0\.\.9; got 1\.\.10"),
    ],
)
def test_refuses_wrong_idx_files(tmp_path, wrong, message):
    _write_idx(tmp_path, **wrong)
    with pytest.raises(ValueError, match=message):
        load_images("mnist", directory=tmp_path)


@pytest.mark.parametrize("damage", [lambda c: c[:-20], lambda c: b"no gzip", lambda c: b"\x00" * 9])
def test_refuses_damaged_gzip(tmp_path, damage):
    _write_idx(tmp_path)
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte\.gz` must be a whole gzip"):
        load_images("mnist", directory=tmp_path)


class _Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_published(ROWS, [1, 2])[:-500], "must be a CIFAR-10 batch; got"),
        (b"no pickle", "must be a CIFAR-10 batch; got"),
        (pickle.dumps([1, 2]), "must be a CIFAR-10 batch; got"),
        (pickle.dumps({b"labels": [1, 2]}), "must be a CIFAR-10 batch; got KeyError"),
        (_published(ROWS[:, :-3], [1, 2]), r"uint8 \[n, 3072\]; got uint8 \(2, 3069\)"),
        (_published(ROWS, [1, 2, 3]), r"2 integer labels, .*; got int64 \(3,\)"),
        (_published(ROWS, [1, 12]), r"labels in 0\.\.9; got 1\.\.12"),
    ],
)
def test_refuses_wrong_batches(tmp_path, content, message):
    _write_batches(tmp_path, content)
    with pytest.raises(ValueError, match=f"data_batch_1` .*{message}"):
        load_images("cifar10", directory=tmp_path)


def test_a_batch_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _write_batches(tmp_path, pickle.dumps({b"data": ROWS, b"labels": _Evil()}))
    with pytest.raises(ValueError, match=r"posix\.mkdir is not allowed|nt\.mkdir is not allowed"):
        load_images("cifar10", directory=tmp_path)
    assert not (tmp_path / "evil").exists()


def test_names_the_file_that_is_missing(tmp_path):
    _write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"train-labels-idx1-ubyte\.gz` must be there"):
        load_images("mnist", directory=tmp_path)
    _write_batches(tmp_path)
    (tmp_path / "data_batch_4").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_4` must be there"):
        load_images("cifar10", directory=tmp_path)


@pytest.mark.parametrize("name", ["MNIST", "svhn", None])
def test_names_the_set_it_does_not_know(name):
    with pytest.raises(ValueError, match=f"`name` must be one of .*; got {name!r}"):
        load_images(name)


@pytest.mark.parametrize("split", ["valid", "all", None])
def test_names_the_split_it_does_not_know(split):
    with pytest.raises(ValueError, match=f"`split` must be 'train' or 'test'; got {split!r}"):
        load_images("mnist", split)


@pytest.mark.parametrize("has_directory", [True, False])
def test_without_files_and_tfds_says_what_to_do(tmp_path, monkeypatch, has_directory):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    directory = tmp_path if has_directory else None
    with pytest.raises(
        ImportError, match=r"files in `directory`.*`pip install tensorflow-datasets`"
    ):
        load_images("mnist", directory=directory)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "shape"),
    [("mnist", (28, 28, 1)), ("fashion_mnist", (28, 28, 1)), ("cifar10", (32, 32, 3))],
)
def test_without_files_reads_tensorflow_datasets(tmp_path, name, shape):
    tfds = pytest.importorskip("tensorflow_datasets", exc_type=ImportError)
    with tfds.testing.mock_data(num_examples=5):
        images, labels = load_images(name, "test", directory=tmp_path)
    assert images.shape == (5, *shape)
    assert labels.shape == (5,)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize(
    ("name", "split", "size", "mean", "std"),
    [
        ("mnist", "train", 60_000, [0.1307], 0.3081),
        ("mnist", "test", 10_000, None, None),
        ("fashion_mnist", "train", 60_000, [0.2860], 0.3530),
        ("fashion_mnist", "test", 10_000, None, None),
        ("cifar10", "train", 50_000, [0.4914, 0.4822, 0.4465], None),
        ("cifar10", "test", 10_000, None, None),
    ],
)
def test_reads_the_real_files(name, split, size, mean, std):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the real {name} is not there: {folder}")
    images, labels = load_images(name, split, directory=folder)
    assert len(images) == len(labels) == size
    each = [size // 10] * 10
    if (name, split) == ("mnist", "train"):
        each = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    if (name, split) == ("mnist", "test"):
        each = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(labels).tolist() == each
    if mean:
        np.testing.assert_allclose(images.mean(axis=(0, 1, 2)) / 255, mean, atol=6e-5)
    if std:
        np.testing.assert_allclose(images.std() / 255, std, atol=6e-5)
