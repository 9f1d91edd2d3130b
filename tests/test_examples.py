"""The examples run, and what they draw or score is there."""

import gzip
import importlib.util
import pathlib
import re
import struct
import subprocess
import sys

import numpy as np
import pytest

import tfp_flows
from tfp_flows import flows

matplotlib_image = pytest.importorskip("matplotlib.image")

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
LATENT_PICTURES = {"latent_interpolation.png", "latent_levels.png", "latent_temperatures.png"}


def load_example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def latent_space():
    return load_example("draw_latent_space")


def assert_pictures(folder, names):
    assert {path.name for path in folder.iterdir()} == names
    for name in names:
        picture = matplotlib_image.imread(folder / name)[..., :3]
        assert min(picture.shape[:2]) > 200
        assert picture.std() > 0.05, f"{name} is blank"


def write_idx(path, array):
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


@pytest.fixture
def mnist_folder(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for prefix in ("train", "t10k"):
        labels = np.arange(80) % 10
        images = rng.integers(0, 256, [80, 28, 28]) * (np.arange(28) < 2 * labels[:, None, None])
        write_idx(folder / f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", labels)
    return folder


# Keras 3.15 saves through NumPy's old `__array__` signature.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_latent_space_of_a_saved_model_of_fewer_levels_and_padded_images(
    latent_space, tmp_path, mnist_folder
):
    flow = flows.glow((32, 32, 1), num_levels=3, num_steps=1, filters=4)
    file = tmp_path / "model.keras"
    tfp_flows.FlowModel(flow, bin_width=1 / 32).save(file)
    folder = tmp_path / "pictures"
    latent_space.main(output=folder, model=file, data_name="mnist", directory=mnist_folder)
    assert_pictures(folder, LATENT_PICTURES)


def test_images_that_do_not_fit_the_model_are_refused(latent_space, mnist_folder):
    with pytest.raises(SystemExit, match=r"The model takes \(16, 16, 1\) with 256 levels; mnist"):
        latent_space.Images("mnist", mnist_folder, 256, (16, 16, 1))
    with pytest.raises(SystemExit, match=r"with 17 levels; mnist has \(28, 28, 1\) with 256"):
        latent_space.Images("mnist", mnist_folder, 17, (28, 28, 1))


def test_images_that_are_not_finite_or_not_themselves_are_not_drawn(latent_space, mnist_folder):
    images = latent_space.Images("mnist", mnist_folder, 16, (28, 28, 1))
    integers = images.integers[:3]
    pixels = images.pixels(integers)
    np.testing.assert_array_equal(np.round(15 * images.to_draw(pixels)), integers)
    with pytest.raises(SystemExit, match="finite"):
        images.to_draw(pixels * np.nan)
    images.check_same(pixels + 1e-4, pixels)
    for other in (pixels + 0.1, pixels * np.nan):
        with pytest.raises(SystemExit, match="come back"):
            images.check_same(other, pixels)


@pytest.mark.slow
def test_any_distribution():
    scores = load_example("train_any_distribution").main(epochs=2, seed=0)
    assert set(scores) == {"gaussian", "chain", "mixture", "joint"}
    for name, (before, after) in scores.items():
        assert after < before or name == "gaussian", name


@pytest.mark.slow
def test_vae(capsys):
    vae = load_example("train_vae")
    scores = vae.main(
        data_name="digits", directory=None, steps=3, seeds=[0, 1], num_couplings=1, num_samples=3
    )
    assert set(scores) == set(vae.POSTERIORS)
    for elbo, weighted in np.concatenate(list(scores.values())):
        assert -100 < elbo < weighted < 0
    vae.report(scores)
    assert "gain" in capsys.readouterr().out


def test_the_posteriors_of_the_vae_start_alike():
    vae = load_example("train_vae")
    x = np.random.default_rng(0).integers(0, 2, [3, 8, 8, 1], np.uint8)
    bounds = []
    for kind in vae.POSTERIORS:
        vae.keras.utils.set_random_seed(0)
        bounds.append(vae.make_vae(kind, 2, (8, 8, 1)).log_prob(x, seed=0))
    np.testing.assert_allclose(*bounds, rtol=1e-5)


@pytest.mark.slow  # Two processes that import TensorFlow.
def test_multi_worker(tmp_path):
    command = [sys.executable, str(EXAMPLES / "train_multi_worker.py"), "--epochs", "1"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)], check=True, stdout=subprocess.PIPE, text=True
    )
    assert 0 < float(re.search(r"2 workers: (.*) bits/dim", done.stdout)[1]) < 10
    assert (tmp_path / "model" / "saved_model.pb").exists()
