"""Fashion-MNIST in ten minutes on two cores: our flows beside `tfb.Glow`.

    python benchmarks/fashion_mnist.py --data DIRECTORY

Each row trains in a process of its own, one after the other, with the loop of
`examples/train_fashion_mnist.py`: the same images, dequantization, batch size, optimizer, schedule
by the clock, weight averaging and test protocol. `tfb.Glow` has 2 levels of 8 steps and 128
filters, and is initialized from 256 images by its first call; once with the images as they are,
shifted by -0.5, and once behind the logit that our flows start with.
"""

import argparse
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import train_fashion_mnist as example

from tfp_flows import bijectors, data

tfb, tfd = tfp.bijectors, tfp.distributions


def stock_glow(images: np.ndarray, *, logit: bool) -> tfd.Distribution:
    """`tfb.Glow`, with its variables made and set by a first call."""
    glow = tfb.Glow(
        output_shape=images.shape[1:],
        num_glow_blocks=2,
        num_steps_per_block=8,
        coupling_bijector_fn=lambda shape: tfb.GlowDefaultNetwork(shape, num_hidden=128),
        exit_bijector_fn=tfb.GlowDefaultExitNetwork,
        grab_after_block=[0.5, 0.5],
    )
    front = bijectors.Logit(1e-3) if logit else tfb.Shift(0.5)
    base = tfd.MultivariateNormalDiag(tf.zeros(images[0].size))
    flow = tfd.TransformedDistribution(base, tfb.Chain([front, glow]))
    flow.log_prob(data.dequantize(images[:256], example.LEVELS, seed=[0, 0]))
    return flow


ROWS = {
    "flows.glow": lambda images: example.FLOWS["glow"](images.shape[1:]),
    "flows.realnvp": lambda images: example.FLOWS["realnvp"](images.shape[1:]),
    "tfb.Glow": lambda images: stock_glow(images, logit=False),
    "tfb.Glow, with our Logit": lambda images: stock_glow(images, logit=True),
}


def measure(name: str, directory: str, minutes: float, output: str | None) -> None:
    """Trains one row and prints its line of the table."""
    keras.utils.set_random_seed(0)
    images, _ = data.load_images("fashion_mnist", "train", directory=directory)
    held_out, _ = data.load_images("fashion_mnist", "test", directory=directory)
    flow = ROWS[name](images)
    model, steps = example.train(flow, images, 60 * minutes, 1e-3)
    parameters = sum(int(np.prod(v.shape)) for v in flow.trainable_variables)
    bits = example.test_bits(model, held_out)
    if output is not None and name.startswith("flows."):
        model.save(pathlib.Path(output) / f"{name.removeprefix('flows.')}.keras")
    print(f"| {name} | {parameters:,d} | {steps:,d} | {bits:.3f} |", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="directory of the official files")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--row", choices=list(ROWS))
    parser.add_argument("--output", help="directory to save our models in, as .keras files")
    args = parser.parse_args()
    if args.row:
        measure(args.row, args.data, args.minutes, args.output)
        return
    print("| flow | parameters | steps | test bits/dim |", flush=True)
    given = ["--minutes", str(args.minutes)]
    for option in ("data", "output"):
        if value := getattr(args, option):
            given.extend([f"--{option}", value])
    for name in ROWS:
        subprocess.run([sys.executable, __file__, "--row", name, *given], check=True)


if __name__ == "__main__":
    main()
