"""Train a flow on Fashion-MNIST
=============================

For a given time; reports bits/dim and draws samples. ::

    python examples/train_fashion_mnist.py --flow glow --minutes 10 --data DIRECTORY

DIRECTORY holds the official files (train-images-idx3-ubyte.gz and so on); without it
TensorFlow Datasets downloads them. Bits/dim are the mean over the whole test set, with one draw
of dequantization noise: a bound for the 8-bit images. Flow++ learns its noise, and is a density of
integers; the others see images in [0, 1) with uniform noise. The model, with averaged weights, is
saved as OUTPUT/<flow>.keras and drawn as OUTPUT/<flow>.png.
"""

# sphinx_gallery_thumbnail_path = "pictures/fashion_temperatures.png"

import argparse
import math
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import data, flows, latents

LEVELS, BATCH = 256, 64
# Small enough for ten minutes on two cores; the published models are in `presets` as well.
FLOWS = {
    "nice": flows.presets.nice_small,
    "realnvp": flows.presets.realnvp_small,
    "glow": flows.presets.glow_small,
    "flowpp": flows.presets.flowpp_small,
}


class WallClock(keras.callbacks.Callback):
    """Warms the learning rate up, lets it fall by a cosine, and stops when the time is over.

    The clock starts after the first step, which traces the graph.
    """

    def __init__(self, seconds: float, peak: float, warm_up: float = 0.05) -> None:
        super().__init__()
        self.seconds, self.peak, self.warm_up = seconds, peak, warm_up
        self.start, self.steps = None, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Sets the rate of the next step."""
        self.start = self.start or time.monotonic()
        self.steps += 1
        done = (time.monotonic() - self.start) / self.seconds
        rate = min(done / self.warm_up, 1) * 0.5 * (1 + math.cos(math.pi * min(done, 1)))
        self.model.optimizer.learning_rate = max(self.peak * rate, 1e-6)
        if done >= 1:
            self.model.stop_training = True


class Report(keras.callbacks.Callback):
    """A line now and then: Keras's own progress bar shows an epoch at a time."""

    def __init__(self, every: float) -> None:
        super().__init__()
        self.every, self.start, self.next = every, time.monotonic(), every

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Prints the mean of the epoch so far."""
        elapsed = time.monotonic() - self.start
        if elapsed > self.next:
            self.next += self.every
            print(f"{elapsed:6.0f} s  {logs['bits_per_dim']:.3f} bits/dim", flush=True)


def train(
    flow: tfp.distributions.Distribution, images: np.ndarray, seconds: float, rate: float
) -> tuple[tfp_flows.FlowModel, int]:
    """The trained model, with averaged weights, and the number of steps."""
    is_discrete = not flow.dtype.is_floating
    model = tfp_flows.FlowModel(flow, bin_width=1.0 if is_discrete else data.bin_width(LEVELS))
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=100.0, use_ema=True, ema_momentum=0.99)
    model.compile(optimizer)
    clock = WallClock(seconds, rate)
    model.fit(
        _batches(flow, images, BATCH, shuffle=True),
        epochs=10_000,
        verbose=0,
        callbacks=[clock, Report(60.0)],
    )
    optimizer.finalize_variable_values(model.trainable_variables)
    return model, clock.steps


def test_bits(model: tfp_flows.FlowModel, images: np.ndarray) -> float:
    """Mean bits/dim, with one draw of dequantization noise for each image."""
    # 200 divides the 10,000 of the test set.
    batches = _batches(model.distribution, images, 200, shuffle=False)
    return model.evaluate(batches, verbose=0, return_dict=True)["bits_per_dim"]


def _batches(
    flow: tfp.distributions.Distribution, images: np.ndarray, batch_size: int, *, shuffle: bool
) -> data.Batches:
    """Integers as they are, or in [0, 1) with seeded noise."""
    return data.images(
        images,
        batch_size=batch_size,
        dequantize=flow.dtype.is_floating,
        seed=0 if shuffle else 1,
        shuffle=shuffle,
        drop_remainder=True,
    )


def draw(model: tfp_flows.FlowModel, path: pathlib.Path) -> None:
    """Eight samples at each of five temperatures."""
    temperatures = (0.6, 0.7, 0.8, 0.9, 1.0)
    figure, rows = plt.subplots(len(temperatures), 1, figsize=(6, 4.4))
    for axis, temperature in zip(rows, temperatures, strict=True):
        flow = getattr(model.distribution, "flow", model.distribution)  # Of the integers.
        samples = latents.sample(flow, 10, temperature=temperature, seed=0)
        pixels = data.quantize(samples, LEVELS).numpy()[..., 0]
        axis.imshow(np.hstack(pixels), cmap="gray", vmin=0, vmax=LEVELS - 1)
        axis.set_ylabel(f"{temperature}", rotation=0, labelpad=14, va="center")
        axis.set(xticks=[], yticks=[])
    figure.suptitle("Samples at temperatures 0.6 to 1")
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main(name: str, summary: str) -> None:
    """Trains, evaluates, draws and saves."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--flow", choices=list(FLOWS), default="glow")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--data", help="directory of the official files")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("trained") / name)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    keras.utils.set_random_seed(args.seed)
    images, _ = data.load_images(name, "train", directory=args.data)
    held_out, _ = data.load_images(name, "test", directory=args.data)
    flow = FLOWS[args.flow](images.shape[1:])
    model, steps = train(flow, images, 60 * args.minutes, args.learning_rate)
    parameters = sum(int(np.prod(v.shape)) for v in flow.trainable_variables)
    bits = test_bits(model, held_out)
    print(f"{name} {args.flow}: {parameters:,d} parameters, {steps} steps, {bits:.3f} bits/dim")
    args.output.mkdir(parents=True, exist_ok=True)
    draw(model, args.output / f"{args.flow}.png")
    model.save(args.output / f"{args.flow}.keras")


if __name__ == "__main__":
    main("fashion_mnist", __doc__.splitlines()[0])
