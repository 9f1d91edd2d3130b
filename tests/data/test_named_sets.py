"""Sets of TensorFlow Datasets: mocked, prepared by the official builders, and out of reach."""

import gzip
import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from tfp_flows.data import images, load_images

tfds = pytest.importorskip("tensorflow_datasets", exc_type=ImportError)
pytestmark = pytest.mark.filterwarnings("ignore")
SHARED = pathlib.Path(__file__).parents[2] / "../shared/data"
MNIST_URLS = {
    "mnist": "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}
CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("mnist", {}, (28, 28, 1)),
        ("fashion_mnist", {"size": (32, 32), "fit": "pad"}, (32, 32, 1)),
        ("cifar10", {"num_bits": 5, "labels": True}, (32, 32, 3)),
        ("celeb_a", {"size": (64, 64), "fit": "resize"}, (64, 64, 3)),
        ("imagenet_resized/32x32", {"cache": False, "labels": True}, (32, 32, 3)),
    ],
)
def test_reads_sets_by_name(name, options, shape):
    with tfds.testing.mock_data(num_examples=9):
        batches = images(name, batch_size=4, seed=0, **options)
        assert (batches.event_shape, batches.num_events, len(batches)) == (shape, 9, 2)
        batch = next(iter(batches))
    x = batch[0] if options.get("labels") else batch
    assert x.shape == (4, *shape)
    wanted = {"cifar10": 10, "imagenet_resized/32x32": 1000}.get(name)
    assert batches.num_classes == wanted
    assert len(batches.class_names or ()) == (wanted or 0)


def test_names_a_set_without_labels():
    with tfds.testing.mock_data(num_examples=2):
        with pytest.raises(ValueError, match="`labels` must be False for images without labels"):
            images("celeb_a", batch_size=1, labels=True)
        with pytest.raises(ValueError, match="with the feature 'image'; 'higgs' has"):
            images("higgs", batch_size=1)


def test_names_a_set_that_nobody_knows(tmp_path):
    with pytest.raises(ValueError, match=r"directory, an array.*got 'cifar_ten', which is none"):
        images("cifar_ten", batch_size=1, data_dir=tmp_path)
    with pytest.raises(ValueError, match=r"none of them: .* Did you mean 'fashion_mnist'\?"):
        images("fashon_mnist", batch_size=1, data_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"a directory that is there; got 'pics/ants', wh"):
        images("pics/ants", batch_size=1, data_dir=tmp_path)


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_without_network_says_so_soon_and_what_to_do(tmp_path, monkeypatch, name):
    # The network of a machine without one, also where there is one.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    start = time.monotonic()
    wanted = rf"got '{name}', which is not in .*download failed with .*`data_dir`.*{tmp_path.name}"
    with pytest.raises(OSError, match=wanted):
        images(name, batch_size=1, data_dir=tmp_path)
    assert time.monotonic() - start < 20
    downloader = importlib.import_module("tensorflow_datasets.core.download.downloader")
    assert downloader.MAX_RETRIES == 10


def test_says_how_to_install_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"'svhn_cropped' must have.*`pip install tensor"):
        images("svhn_cropped", batch_size=1, data_dir=tmp_path)


def test_official_files_need_neither_network_nor_tfds(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    header = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in pixels.shape)
    for folder in (tmp_path, tmp_path / "sets" / "mnist"):
        folder.mkdir(exist_ok=True, parents=True)
        files = {
            "images-idx3": header + pixels.tobytes(),
            "labels-idx1": bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]),
        }
        for kind, content in files.items():
            (folder / f"t10k-{kind}-ubyte.gz").write_bytes(gzip.compress(content))
    for data_dir in (tmp_path, str(tmp_path / "sets")):
        batches = images(
            "mnist", "test", batch_size=3, data_dir=data_dir, dequantize=False, labels=True
        )
        x, y = next(iter(batches))
        np.testing.assert_array_equal(x[..., 0], pixels)
        assert y.numpy().tolist() == [7, 0, 9]
        assert batches.num_classes == 10


def test_imports_what_it_needs_only_when_it_needs_it():
    # Keras imports some of them where it can: here nobody can.
    code = (
        "import sys;"
        "heavy = ('tensorflow_datasets', 'matplotlib', 'pandas', 'PIL');"
        "sys.modules.update(dict.fromkeys(heavy));"
        "import numpy as np; from tfp_flows import data;"
        "next(iter(data.images(np.zeros([4, 4, 4, 1], np.uint8), batch_size=2)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _seed(data_dir, name, url, source):
    """Puts a file where the official builder looks for what it downloaded."""
    checksums = importlib.import_module("tensorflow_datasets.core.download.checksums")
    resource = importlib.import_module("tensorflow_datasets.core.download.resource")
    info = checksums.get_all_url_infos()[url]
    path = data_dir / "downloads" / name / resource.get_dl_fname(url, info.checksum)
    path.parent.mkdir(parents=True, exist_ok=True)
    if source is None:
        path.touch()
    else:
        shutil.copyfile(source, path)
    url_info = {"checksum": info.checksum, "filename": info.filename, "size": info.size}
    said = {"dataset_names": [name], "original_fname": info.filename, "urls": [url]}
    content = json.dumps(said | {"url_info": url_info})
    path.with_name(path.name + ".INFO").write_text(content)
    return path


def _seed_cifar10(data_dir):
    path = _seed(data_dir, "cifar10", CIFAR10_URL, None)
    folder = data_dir / "downloads/extracted" / f"TAR_GZ.{path.name}" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    classes = "airplane automobile bird cat deer dog frog horse ship truck"
    (folder / "batches.meta.txt").write_text("\n".join(classes.split()) + "\n")
    for split, size, names in (
        ("train", 10_000, [f"data_batch_{i}" for i in range(1, 6)]),
        ("test", 10_000, ["test_batch"]),
    ):
        x, y = load_images("cifar10", split, directory=SHARED / "cifar10")
        rows = np.concatenate([y[:, None], x.transpose(0, 3, 1, 2).reshape(-1, 3072)], axis=1)
        for number, name in enumerate(names):
            part = rows[number * size : (number + 1) * size]
            part.astype(np.uint8).tofile(folder / f"{name}.bin")


@pytest.mark.slow  # Half a minute each.
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_official_builders_give_the_images_of_the_official_files(tmp_path, name):
    if not (SHARED / name).is_dir():
        pytest.skip(f"the real {name} is not there: {SHARED / name}")
    if name == "cifar10":
        _seed_cifar10(tmp_path)
    else:
        for file in (SHARED / name).glob("*.gz"):
            _seed(tmp_path, name, MNIST_URLS[name] + file.name, file)
    sums = []
    for split, data_dir in (("test", tmp_path), ("test", SHARED), ("train[:50%]", tmp_path)):
        batches = images(
            name, split, batch_size=500, data_dir=data_dir, labels=True, dequantize=False
        )
        seen = [(x, y) for x, y in batches.dataset.as_numpy_iterator()]
        x, y = (np.concatenate(part) for part in zip(*seen, strict=True))
        assert batches.num_classes == 10
        # TFDS has an order of its own.
        rows = np.concatenate([y[:, None], x.reshape(len(x), -1)], axis=1).astype(np.uint8)
        sums.append(rows[np.lexsort(rows[:, ::50].T)])
    np.testing.assert_array_equal(*(np.sort(s.astype(np.int64).sum(1)) for s in sums[:2]))
    assert len(sums[2]) == {"cifar10": 25_000}.get(name, 30_000)
