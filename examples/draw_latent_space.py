"""What the latent space of a saved flow holds
===========================================

This script is shown, not run. ::

    python examples/draw_latent_space.py --model fashion.keras --data fashion_mnist --directory DIR

takes a `FlowModel` of images, without context, as `model.save` writes it, and a data set as
`data.load_images` reads it. It writes three pictures, each of which has a smaller sister in the
gallery that trains its flow by itself:

- latent_temperatures.png: samples, with the latents of N(0, I) times a temperature
  (`plot_conditional.py`).
- latent_interpolation.png: paths between two test images, the first and the last of each row.
  Latents turn from one to the other; the last row is the straight line for the pair above it
  (`plot_interpolation.py`).
- latent_levels.png: test images, and below them the same with the latents of one level drawn anew.
  The first level is what leaves the flow first, the finest (`plot_levels.py`).

It fails if what is decoded is not finite, or if images do not come back as themselves.
"""

# sphinx_gallery_thumbnail_path = "pictures/fashion_interpolation.png"

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfp_flows import FlowModel, data, latents

TEMPERATURES = 0.25, 0.5, 0.7, 0.85, 1.0
PAIRS = (0, 6), (1, 7), (2, 5), (3, 8), (4, 9)


class Images:
    """A test set as a flow wants it: integers of so many levels, in its event shape."""

    def __init__(self, name: str, directory: Path | None, num_levels: int, shape: tuple) -> None:
        images, self.labels = data.load_images(name, "test", directory=directory)
        margins = np.subtract(shape, images.shape[1:])
        if 256 % num_levels or margins.min() < 0 or margins[2]:
            sys.exit(
                f"The model takes {shape} with {num_levels} levels; {name} has "
                f"{images.shape[1:]} with 256."
            )
        # Fewer levels, and a border, where the model was trained so.
        border = [(0, 0), *((size // 2, size - size // 2) for size in margins)]
        self.integers = np.pad(images // (256 // num_levels), border)
        self.num_levels, self.shape = num_levels, shape

    def pixels(self, integers: np.ndarray) -> tf.Tensor:
        """In [0, 1), with noise."""
        return data.dequantize(integers, self.num_levels, seed=[1, 0])

    def of_classes(self, classes: Any, seed: int) -> tf.Tensor:
        """An image of each class, with noise."""
        order = np.random.default_rng(seed).permutation(len(self.labels))
        first = [order[self.labels[order] == label][0] for label in classes]
        return self.pixels(self.integers[first])

    def to_draw(self, decoded: Any) -> np.ndarray:
        """What was decoded, rounded to the levels of the data, as numbers in [0, 1]."""
        if not np.all(np.isfinite(decoded)):
            sys.exit("What is decoded must be finite.")
        return data.quantize(decoded, self.num_levels).numpy() / (self.num_levels - 1)

    def check_same(self, decoded: Any, pixels: tf.Tensor) -> None:
        """Exits unless images came back from their latents, but for rounding."""
        error = np.max(np.abs(np.subtract(decoded, pixels))) * self.num_levels
        if not error <= 0.5:  # unlike `>`, this is true for NaN
            sys.exit(f"Images must come back as themselves; one is {error:.2g} levels away.")


def draw_grid(axes: Axes, images: np.ndarray, rows: Any = ()) -> None:
    """Images `[rows, columns, H, W, C]`, dark on white if they are grey, with labels."""
    height, channels = images.shape[2], images.shape[-1]
    images = images if channels == 3 else np.repeat(1 - images, 3, axis=-1)
    gap = 1 + height // 16
    framed = np.pad(images, [(0, 0), (0, 0), (0, gap), (0, gap), (0, 0)], constant_values=1.0)
    axes.imshow(np.concatenate(np.concatenate(framed, axis=1), axis=1), interpolation="nearest")
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([row * (height + gap) + height / 2 for row in range(len(rows))], rows)
    axes.tick_params(length=0, labelsize=11)


def draw_temperatures(model: FlowModel, images: Images, seed: int) -> Figure:
    """Samples at each temperature, and test images."""
    figure = Figure(figsize=(14, 4.5), dpi=110, layout="constrained")
    panels = figure.subplots(1, len(TEMPERATURES) + 1)
    shape = 7, 4, *images.shape
    for axes, temperature in zip(panels, TEMPERATURES, strict=False):
        # The same seed, the same directions: only the temperature differs.
        drawn = latents.sample(model.distribution, 28, temperature=temperature, seed=seed)
        draw_grid(axes, images.to_draw(drawn).reshape(shape))
        axes.set_title(f"temperature {temperature:g}")
    draw_grid(panels[-1], images.to_draw(images.pixels(images.integers[:28])).reshape(shape))
    panels[-1].set_title("test images")
    return figure


def draw_interpolation(model: FlowModel, images: Images, seed: int) -> Figure:
    """A row for each pair, and the straight line for the last."""
    start, end = (images.of_classes(classes, seed) for classes in zip(*PAIRS, strict=True))
    paths = latents.interpolate(model.distribution, start, end, num=11)
    line = latents.interpolate(model.distribution, start[-1:], end[-1:], num=11, kind="linear")
    images.check_same(paths[0], start)
    images.check_same(paths[-1], end)
    rows = np.swapaxes(np.concatenate([paths, line], axis=1), 0, 1)
    figure = Figure(figsize=(8, 4.2), dpi=110, layout="constrained")
    names = [*[""] * (len(PAIRS) - 1), "spherical", "linear"]
    draw_grid(figure.subplots(), images.to_draw(rows), names)
    return figure


def draw_levels(model: FlowModel, images: Images, seed: int) -> Figure:
    """A test image of each class, and twice for each level its latents drawn anew."""
    originals = images.of_classes(range(10), seed)
    rows, names = [originals[tf.newaxis]], ["test images"]
    for level, latent in enumerate(latents.encode(model.distribution, originals)):
        rows.append(latents.resample(model.distribution, originals, level, 2, seed=seed))
        size = "x".join(map(str, latent.shape[1:]))
        names += [f"level {level + 1} drawn anew\n({size} numbers)", ""]
    figure = Figure(figsize=(8, 0.65 * len(names)), dpi=110, layout="constrained")
    draw_grid(figure.subplots(), images.to_draw(np.concatenate(rows)), names)
    return figure


DRAWINGS = {
    "latent_temperatures.png": draw_temperatures,
    "latent_interpolation.png": draw_interpolation,
    "latent_levels.png": draw_levels,
}


def main(
    *, model: Path, data_name: str, directory: Path | None, output: Path, seed: int = 7
) -> None:
    """Loads and draws."""
    trained = keras.saving.load_model(model, compile=False)
    shape = tuple(trained.distribution.event_shape)
    images = Images(data_name, directory, round(1 / trained.bin_width), shape)
    scored = images.pixels(images.integers[:500])
    nats = -np.mean(trained.predict(scored, verbose=0)) / math.prod(shape)
    bits = (nats - math.log(trained.bin_width)) / math.log(2)
    print(f"{bits:.3f} bits/dim on {len(scored)} test images")
    output.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWINGS.items():
        draw(trained, images, seed).savefig(output / name, bbox_inches="tight")
        print(output / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a saved FlowModel")
    parser.add_argument(
        "--data",
        dest="data_name",
        choices=["mnist", "fashion_mnist", "cifar10"],
        default="fashion_mnist",
    )
    parser.add_argument("--directory", type=Path, help="with the files of the data")
    parser.add_argument("--output", type=Path, default=Path("."), help="directory of the pictures")
    parser.add_argument("--seed", type=int, default=7)
    main(**vars(parser.parse_args()))
