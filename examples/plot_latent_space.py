"""Draws what the latent space of a multi-scale flow holds.

    python examples/plot_latent_space.py [--output docs/pictures] [--seconds 90]

trains a small Glow on 8x8 handwritten digits for so many seconds, without those of the first step,
and draws five pictures: three minutes on two CPU cores in all;

    python examples/plot_latent_space.py --model fashion.keras --data fashion_mnist --directory DIR

draws those of a `FlowModel` without context that was saved after training on other images.

Images are dequantized with uniform noise, as in training, and go through the flow to its latents;
these are changed and decoded. All images that are changed are test images.

- latent_temperatures.png: samples, with the latents of N(0, I) times a temperature (Glow, section
  6).
- latent_interpolation.png: paths between two images, the first and the last of each row. Latents
  turn from one to the other; the last row is the straight line for the pair above it.
- latent_manifold.png: RealNVP's manifold (its section 4), with four images in the corners.
- latent_attribute.png: the mean latents of one class less those of another, both of training
  images, times the number above each column, added to the latents of the image at 0.
- latent_levels.png: images, and below them the same with the latents of one level drawn anew. The
  first level is what leaves the flow first, the finest.

RealNVP: https://arxiv.org/abs/1605.08803. Glow: https://arxiv.org/abs/1807.03039.

It fails if what is decoded is not finite, or if images do not come back as themselves.
"""

import argparse
import contextlib
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with contextlib.ExitStack() as undo:
    # TensorFlow logs some lines before it looks at that level.
    undo.callback(os.dup2, os.dup(2), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    import keras
    import numpy as np
    import tensorflow as tf
    from matplotlib.axes import Axes
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    from tfp_flows import FlowModel, data, flows, latents
    from tfp_flows.transforms import Affine, TanhScale

TEMPERATURES = 0.25, 0.5, 0.7, 0.85, 1.0
STRENGTHS = -1.0, -0.5, 0.0, 0.5, 1.0, 1.5
# Classes: from which to which.
ATTRIBUTES = {"digits": (1, 7), "mnist": (1, 7), "fashion_mnist": (1, 3), "cifar10": (1, 9)}
PAIRS = (0, 6), (1, 7), (2, 5), (3, 8), (4, 9)
CORNERS = 0, 3, 6, 7
# The scale is bounded: that of the paper, a sigmoid, lets a few samples overflow.
GLOW = {
    "num_levels": 2,
    "num_steps": 8,
    "filters": 32,
    "transform": Affine(TanhScale(bound=1.0)),
    "logit_alpha": 1e-3,
}
MOST = 500  # Images to take a mean of: some models are large.
PAPER = "#efece4"


class Images:
    """A data set as a flow wants it: integers of so many levels, in its event shape."""

    def __init__(self, name: str, directory: Path | None, num_levels: int, shape: tuple) -> None:
        self.attribute = ATTRIBUTES[name]
        self.num_levels, self.shape = num_levels, shape
        self.train, self.train_labels = self._load(name, "train", directory)
        self.test, self.test_labels = self._load(name, "test", directory)

    def _load(self, name: Any, split: Any, directory: Path | None) -> tuple:
        if name == "digits":
            (images, labels), levels = data.load_digits(split), data.DIGITS_NUM_LEVELS
        else:
            (images, labels), levels = data.load_images(name, split, directory=directory), 256
        margins = np.subtract(self.shape, images.shape[1:])
        if levels % self.num_levels or margins.min() < 0 or margins[2]:
            sys.exit(
                f"The model takes {self.shape} with {self.num_levels} levels; {name} has "
                f"{images.shape[1:]} with {levels}."
            )
        # Fewer levels, and a border, where the model was trained so.
        border = [(0, 0), *((size // 2, size - size // 2) for size in margins)]
        return np.pad(images // (levels // self.num_levels), border), labels

    def pixels(self, images: np.ndarray, seed: Any = (1, 0)) -> tf.Tensor:
        """In [0, 1), with noise."""
        return data.dequantize(images, self.num_levels, seed=seed)

    def of_classes(self, classes: Any, seed: int) -> tf.Tensor:
        """A test image of each class, no image twice, with noise."""
        order = np.random.default_rng(seed).permutation(len(self.test))
        queues = {label: iter(order[self.test_labels[order] == label]) for label in classes}
        return self.pixels(self.test[[next(queues[label]) for label in classes]])

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


class OnTime(keras.callbacks.Callback):
    """Warm-up, cosine decay and the end of the training, by the clock."""

    def __init__(self, seconds: float, rate: float, warm_up: float = 0.05) -> None:
        super().__init__()
        self._seconds, self._rate, self._warm_up = seconds, rate, warm_up
        self._start: float | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._start is None:  # The first step, which TensorFlow compiles, is not counted.
            self._start = time.monotonic()
        done = min((time.monotonic() - self._start) / self._seconds, 1.0)
        decay = 0.5 * (1 + math.cos(math.pi * done))
        self.model.optimizer.learning_rate = self._rate * decay * min(1.0, done / self._warm_up)
        self.model.stop_training = done == 1.0


def train(seconds: float, seed: int) -> FlowModel:
    """A small Glow on the digits."""
    images, _ = data.load_digits("train")
    flow = flows.glow((8, 8, 1), **GLOW)
    batches = data.images(images, batch_size=64, num_levels=data.DIGITS_NUM_LEVELS, seed=seed)
    model = FlowModel(flow, bin_width=batches.bin_width)
    # The mean of the weights of the last steps draws cleaner digits than the last ones.
    model.compile(keras.optimizers.Adam(0.0, use_ema=True, ema_momentum=0.99, clipnorm=50.0))
    model.fit(
        batches,
        steps_per_epoch=10**9,
        callbacks=[OnTime(seconds, rate=2e-3)],
        verbose=0,
    )
    print(f"trained for {int(model.optimizer.iterations)} steps")
    return model


def draw_grid(axes: Axes, images: np.ndarray, rows: Any = (), columns: Any = ()) -> None:
    """Images `[rows, columns, H, W, C]`, dark on light if they are grey, with labels."""
    num_rows, num_columns, height, width, channels = images.shape
    images = images if channels == 3 else np.repeat(1 - images, 3, axis=-1)
    gap = 1 + height // 16
    down, right = height + gap, width + gap
    sheet = np.full((num_rows * down - gap, num_columns * right - gap, 3), to_rgb(PAPER))
    for row, column in np.ndindex(num_rows, num_columns):
        top, left = row * down, column * right
        sheet[top : top + height, left : left + width] = images[row, column]
    axes.imshow(sheet, interpolation="nearest")
    axes.spines[:].set_visible(False)
    axes.set_yticks([row * down + (height - 1) / 2 for row in range(len(rows))], rows)
    axes.set_xticks([column * right + (width - 1) / 2 for column in range(len(columns))], columns)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=11)


def new_sheet(columns: int = 1, width: float = 8.0, height: float = 8.0) -> tuple[Figure, Any]:
    """An empty figure; what stays empty is cut off when it is saved."""
    figure = Figure(figsize=(width, height), facecolor=PAPER, dpi=110)
    return figure, figure.subplots(1, columns, gridspec_kw={"wspace": 0.08})


def draw_temperatures(model: FlowModel, images: Images, seed: int) -> Figure:
    """Samples at each temperature, and test images."""
    figure, panels = new_sheet(len(TEMPERATURES) + 1, width=14)
    shape = 7, 4, *images.shape
    for axes, temperature in zip(panels, TEMPERATURES, strict=False):
        # The same seed, the same directions: only the temperature differs.
        drawn = latents.sample(model.distribution, 28, temperature=temperature, seed=seed)
        draw_grid(axes, images.to_draw(drawn).reshape(shape))
        axes.set_title(f"temperature {temperature:g}")
    draw_grid(panels[-1], images.to_draw(images.pixels(images.test[:28])).reshape(shape))
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
    figure, axes = new_sheet()
    names = [*[""] * (len(PAIRS) - 1), "spherical", "linear"]
    draw_grid(axes, images.to_draw(rows), rows=names)
    return figure


def draw_manifold(model: FlowModel, images: Images, seed: int) -> Figure:
    """Four images and what lies between them."""
    corners = images.of_classes(CORNERS, seed)
    surface = np.asarray(latents.manifold(model.distribution, corners, num=9))
    images.check_same(surface[::8, ::8].reshape(corners.shape), corners)
    figure, axes = new_sheet()
    draw_grid(axes, images.to_draw(surface))
    return figure


def draw_attribute(model: FlowModel, images: Images, seed: int) -> Figure:
    """Test images of the first class, moved towards the second."""
    without, having = (
        images.pixels(images.train[images.train_labels == label][:MOST], seed=[2, label])
        for label in images.attribute
    )
    direction = latents.attribute_direction(model.distribution, having, without)
    starts = images.of_classes([images.attribute[0]] * 6, seed)
    moved = latents.move(model.distribution, starts, direction, STRENGTHS)
    images.check_same(moved[STRENGTHS.index(0.0)], starts)
    figure, axes = new_sheet()
    names = [f"{strength:g}" for strength in STRENGTHS]
    draw_grid(axes, images.to_draw(np.swapaxes(moved, 0, 1)), columns=names)
    axes.set_title("from class {} to class {}".format(*images.attribute))
    return figure


def draw_levels(model: FlowModel, images: Images, seed: int) -> Figure:
    """A test image of each class, and twice for each level its latents drawn anew."""
    originals = images.of_classes(range(10), seed)
    rows, names = [originals[tf.newaxis]], ["test images"]
    for level, latent in enumerate(latents.encode(model.distribution, originals)):
        rows.append(latents.resample(model.distribution, originals, level, 2, seed=seed))
        size = "x".join(map(str, latent.shape[1:]))
        names += [f"level {level + 1} drawn anew\n({size} numbers)", ""]
    figure, axes = new_sheet()
    draw_grid(axes, images.to_draw(np.concatenate(rows)), rows=names)
    return figure


DRAWINGS = {
    "latent_temperatures.png": draw_temperatures,
    "latent_interpolation.png": draw_interpolation,
    "latent_manifold.png": draw_manifold,
    "latent_attribute.png": draw_attribute,
    "latent_levels.png": draw_levels,
}


def main(
    *,
    output: Path,
    model: Path | None = None,
    data_name: str = "digits",
    directory: Path | None = None,
    seconds: float = 90.0,
    seed: int = 7,
) -> None:
    """Loads or trains, and draws."""
    keras.utils.set_random_seed(seed)
    trained = (
        train(seconds, seed) if model is None else keras.saving.load_model(model, compile=False)
    )
    flow = trained.distribution
    images = Images(data_name, directory, round(1 / trained.bin_width), tuple(flow.event_shape))
    scored = images.pixels(images.test[:MOST])
    nats = -np.mean(trained.predict(scored, verbose=0)) / math.prod(images.shape)
    bits = (nats - math.log(trained.bin_width)) / math.log(2)
    print(f"{bits:.3f} bits/dim on {len(scored)} test images")
    output.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWINGS.items():
        figure = draw(trained, images, seed)
        figure.savefig(output / name, bbox_inches="tight", pad_inches=0.15)
        print(output / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("docs/pictures"), help="directory")
    parser.add_argument("--model", type=Path, help="a saved FlowModel, instead of training one")
    parser.add_argument("--data", dest="data_name", choices=list(ATTRIBUTES), default="digits")
    parser.add_argument("--directory", type=Path, help="with the files of the data")
    parser.add_argument("--seconds", type=float, default=90.0, help="of training")
    parser.add_argument("--seed", type=int, default=7)
    main(**vars(parser.parse_args()))
