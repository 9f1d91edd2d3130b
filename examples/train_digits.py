"""Train a flow on handwritten digits
==================================

A coupling flow of 8x8 handwritten digits, compared with a Gaussian. ::

    python examples/train_digits.py [--output demo] [--epochs 40] [--seed 0]

takes about 100 seconds on two CPU cores. It fails if the flow is less than 0.5 bits/dim better on
test images, or if the exported flow, run by `serve_digits.py` without this package, scores them
differently.
"""

import argparse
import contextlib
import math
import os
import subprocess
import sys
import time
from pathlib import Path

START = time.monotonic()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with contextlib.ExitStack() as undo:
    # TensorFlow logs some lines before it looks at that level.
    undo.callback(os.dup2, os.dup(2), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    import keras
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp
    from matplotlib.figure import Figure

    from tfp_flows import FlowModel, bijectors, data, export, flows, nets
    from tfp_flows.partitions import Checkerboard, Stripes

SHAPE = (8, 8, 1)
LEVELS = data.DIGITS_NUM_LEVELS
BIN_WIDTH = data.bin_width(LEVELS)


def dequantized(images: np.ndarray, seed: int) -> np.ndarray:
    """Ten copies of the images as pixels in [0, 1), each copy with noise of its own."""
    return data.dequantize(np.tile(images, (10, 1, 1, 1)), LEVELS, seed=[0, seed]).numpy()


def make_flow(pixels: np.ndarray) -> tfp.distributions.Distribution:
    """A flow that is not trained yet, for such pixels."""
    # A bit wider than [0, 1]: the inverse, the logit, must be finite at a pixel of exactly 0.
    squash = tfp.bijectors.Sigmoid(low=-0.001, high=1.001)
    # Pixels near the border hardly vary. The couplings learn best if all have the same scale.
    logits = squash.inverse(pixels).numpy()
    shift, scale = tfp.bijectors.Shift(logits.mean(0)), tfp.bijectors.Scale(logits.std(0))
    # Three ways to take an image apart mix its pixels better than one.
    ways = Checkerboard(packed=True), Stripes(), Stripes(direction="horizontal")
    couplings = flows.coupling_flow(
        SHAPE,
        num_couplings=12,
        partitions=[part for way in ways for part in (way, way.flipped())],
        # Convolutions: dense networks soon know so few images by heart.
        net=nets.ConvResNet(filters=32, num_blocks=1, dropout=0.2),
    )
    chain = bijectors.Chain([squash, shift, scale, couplings.bijector])  # as the data meet them
    return tfp.distributions.TransformedDistribution(couplings.distribution, chain)


def train(model: FlowModel, images: np.ndarray, epochs: int, seed: int) -> dict[str, list[float]]:
    """Fits to all but 144 images, and keeps the weights of the epoch that was best on those."""
    batches = data.images(images[144:], batch_size=64, num_levels=LEVELS, seed=seed)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, decay_steps=epochs * len(batches))
    model.compile(keras.optimizers.AdamW(rate))
    return model.fit(
        batches,
        epochs=epochs,
        # Always with the same noise, so that epochs can be compared.
        validation_data=tf.data.Dataset.from_tensors(dequantized(images[:144], seed=3)),
        callbacks=[keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)],
    ).history


def gaussian_bits_per_dim(train_pixels: np.ndarray, test_pixels: np.ndarray) -> float:
    """The score of the Gaussian, with full covariance, that fits the training pixels best."""
    flat, flat_test = (np.float64(p.reshape(len(p), -1)) for p in (train_pixels, test_pixels))
    factor = np.linalg.cholesky(np.cov(flat.T))
    gaussian = tfp.distributions.MultivariateNormalTriL(flat.mean(0), factor)
    nats = -np.mean(gaussian.log_prob(flat_test)) / flat.shape[1]
    return (nats - math.log(BIN_WIDTH)) / math.log(2)


def draw_samples(samples: np.ndarray, digits: np.ndarray, path: Path) -> None:
    """Saves 100 samples beside 100 digits."""
    figure = Figure(figsize=(12, 6.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, title, images in (left, "samples", samples), (right, "digits", digits):
        framed = np.pad(images[:100, :, :, 0], ((0, 0), (1, 1), (1, 1)), constant_values=6)
        axes.imshow(np.block([list(row) for row in framed.reshape(10, 10, 10, 10)]), cmap="gray")
        axes.set(title=title, xticks=[], yticks=[])
    figure.savefig(path)


def draw_curve(history: dict[str, list[float]], gaussian: float, path: Path) -> None:
    """Saves the bits/dim by epoch."""
    axes = Figure(layout="constrained").subplots()
    axes.plot(history["bits_per_dim"], label="flow, training images")
    axes.plot(history["val_bits_per_dim"], label="flow, validation images")
    axes.axhline(gaussian, color="gray", linestyle="--", label="Gaussian, test images")
    axes.set(xlabel="epoch", ylabel="bits/dim")
    axes.legend()
    axes.figure.savefig(path)


def serve(model_dir: Path, data_file: Path) -> float:
    """The bits/dim that a fresh process, without this package, gets from the exported flow."""
    command = [sys.executable, Path(__file__).with_name("serve_digits.py"), model_dir, data_file]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout, end="")
    return float(done.stdout.split()[-1])


def main(output: Path, epochs: int, seed: int) -> None:
    """Trains, scores, draws, exports and serves."""
    keras.utils.set_random_seed(seed)
    images, test_images = (data.load_digits(split)[0] for split in ("train", "test"))
    pixels, test_pixels = dequantized(images, seed=1), dequantized(test_images, seed=2)
    model = FlowModel(make_flow(pixels), bin_width=BIN_WIDTH)
    history = train(model, images, epochs, seed)
    flow = model.evaluate(test_pixels, batch_size=600, verbose=0, return_dict=True)["bits_per_dim"]
    gaussian = gaussian_bits_per_dim(pixels, test_pixels)
    output.mkdir(parents=True, exist_ok=True)
    files = [output / name for name in ("samples.png", "curve.png", "test.npz", "model")]
    draw_samples(data.quantize(model.sample(100, seed=seed), LEVELS), test_images, files[0])
    draw_curve(history, gaussian, files[1])
    np.savez(files[2], pixels=test_pixels)
    export.save(model.distribution, files[3], bin_width=BIN_WIDTH)
    served = serve(files[3], files[2])
    print(f"\nBits/dim of {len(test_images)} test images, each with 10 draws of noise:")
    print(f"  flow      {flow:.3f}\n  Gaussian  {gaussian:.3f}\n  gain      {gaussian - flow:.3f}")
    print(f"{time.monotonic() - START:.0f} seconds;", *files)
    if not abs(served - flow) <= 1e-3:  # unlike `>`, this is true for NaN
        sys.exit(f"The exported flow must score as the trained one, {flow}; got {served}.")
    if not gaussian - flow >= 0.5:
        sys.exit("The flow must be at least 0.5 bits/dim better than the Gaussian.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("demo"), help="directory to write")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
