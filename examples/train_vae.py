"""Train a VAE whose posterior is a flow
=====================================

Beside the same VAE with a Gaussian posterior. ::

    python examples/train_vae.py [--steps 1500] [--seeds 0]

takes two minutes on two CPU cores, with 8x8 handwritten digits; ::

    python examples/train_vae.py --data mnist --directory DIRECTORY --seeds 0 1 2

trains on MNIST, see docs/results/vae.md. DIRECTORY holds the official files, as
`train-images-idx3-ubyte.gz`; without it TensorFlow Datasets downloads them.

Training pixels are binarized anew each time, with their grey value as the probability of a 1; test
pixels once. The encoder's output `h` is the context of the posterior `q(z|h)`, a TFP distribution:

    gaussian: z = mean(h) + scale(h) * e                 with e ~ N(0, I)
    flow:     z = couplings(mean(h) + scale(h) * e; h)

What is printed are means over the test images, in nats: the ELBO, which is what was trained, and
the importance-weighted bound, which is closer to log p(x).

VAEs: https://arxiv.org/abs/1312.6114. Flows as posteriors: https://arxiv.org/abs/1505.05770.
Importance weights: https://arxiv.org/abs/1509.00519.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import FlowModel, bijectors, data, distributions, flows, nets, transforms

tfd = tfp.distributions

LATENTS, HIDDEN, BATCH, RATE = 32, 100, 128, 2e-3
POSTERIORS = "gaussian", "flow"


def make_posterior(kind: str, num_couplings: int) -> tfd.Distribution:
    """`q(z|h)` of `z [LATENTS]` given `h [HIDDEN]`."""
    gaussian = bijectors.Elementwise(
        transforms.Affine(transforms.TanhScale(bound=6.0)),
        (LATENTS,),
        net=keras.layers.Dense(2 * LATENTS),
        context_shape=(HIDDEN,),
    )
    links = [gaussian]
    if kind == "flow":
        couplings = flows.coupling_flow(
            (LATENTS,),
            num_couplings=num_couplings,
            net=nets.MLP((64,)),  # Starts at the identity: the posterior starts as a Gaussian.
            context_shape=(HIDDEN,),
        )
        links = [couplings.bijector, gaussian]  # In the order `z` meets them, on its way to `e`.
    base = distributions.standard_normal((LATENTS,))
    return tfd.TransformedDistribution(base, bijectors.Chain(links))


def make_vae(kind: str, num_couplings: int, shape: tuple[int, ...]) -> distributions.Marginal:
    """`p(x)`, the integral of `p(x|z) N(z; 0, I)`, of binary images."""
    # Before the posterior: these then start with the same weights in both kinds.
    hidden = [keras.layers.Dense(HIDDEN, activation="relu") for _ in range(2)]
    encoder = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), *hidden])
    decoder = nets.MLP((HIDDEN, HIDDEN), zero_init=False)((LATENTS,), shape, num_params=1)
    decoder = bijectors.KerasNetwork(decoder)
    joint = tfd.JointDistributionNamed(
        {
            "z": distributions.standard_normal((LATENTS,)),
            "x": lambda z: tfd.Independent(tfd.Bernoulli(logits=decoder(z)), 3),
        }
    )
    joint.decoder = decoder  # TFP does not look into the function.
    return distributions.Marginal(joint, "x", make_posterior(kind, num_couplings), encoder)


def load(name: str, split: Any, directory: Path | None) -> np.ndarray:
    """Images as grey values in [0, 1]."""
    if name == "digits":
        return np.float32(data.load_digits(split)[0]) / (data.DIGITS_NUM_LEVELS - 1)
    return np.float32(data.load_images(name, split, directory=directory)[0]) / 255


def binarize(grey: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """0 or 1, with the grey value as the probability of a 1."""
    return tf.cast(tf.random.stateless_uniform(tf.shape(grey), seed) < grey, tf.uint8)


def batches(images: np.ndarray, seed: int) -> tf.data.Dataset:
    """Endless batches of images, binarized anew each time."""
    grey = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed=seed).repeat()
    seeds = tf.data.Dataset.random(seed=seed).batch(2)
    return tf.data.Dataset.zip(grey.batch(BATCH), seeds).map(binarize).prefetch(2)


def train(vae: distributions.Marginal, images: np.ndarray, steps: int, seed: int) -> FlowModel:
    """The model after so many steps."""
    model = FlowModel(vae)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=RATE, warmup_steps=steps // 20
    )
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=100.0))
    model.fit(batches(images, seed), steps_per_epoch=steps, verbose=0)
    return model


def bounds(vae: distributions.Marginal, images: tf.Tensor, num_samples: int) -> tuple[float, float]:
    """The mean ELBO of the images, and the mean importance-weighted bound, in nats."""

    @tf.function(reduce_retracing=True)
    def both(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return (
            vae.log_prob(x, num_samples=10, seed=0),
            vae.log_prob(x, num_samples=num_samples, importance_weighted=True, seed=1),
        )

    scores = [both(x) for x in tf.data.Dataset.from_tensor_slices(images).batch(500)]
    elbo, weighted = (
        float(tf.reduce_mean(tf.concat(part, 0))) for part in zip(*scores, strict=True)
    )
    return elbo, weighted


def main(
    *,
    data_name: str,
    directory: Path | None,
    steps: int,
    seeds: list[int],
    num_couplings: int = 8,
    num_samples: int = 100,
    num_test: int | None = None,
) -> dict[str, np.ndarray]:
    """Trains both kinds with each seed; the two bounds of each kind, `[seeds, 2]`, in nats."""
    images, test = (load(data_name, split, directory) for split in ("train", "test"))
    test = binarize(test, tf.constant([0, 0]))[:num_test]
    scores = {kind: [] for kind in POSTERIORS}
    for seed in seeds:
        for kind in POSTERIORS:
            start = time.monotonic()
            keras.utils.set_random_seed(seed)
            vae = make_vae(kind, num_couplings, images.shape[1:])
            model = train(vae, images, steps, seed)
            scores[kind].append(bounds(vae, test, num_samples))
            print(
                f"{kind:8s} seed {seed}: ELBO {scores[kind][-1][0]:8.2f}, importance-weighted "
                f"{scores[kind][-1][1]:8.2f}, {model.count_params():,d} parameters, "
                f"{time.monotonic() - start:.0f} s",
                flush=True,
            )
    return {kind: np.array(pairs) for kind, pairs in scores.items()}


def report(scores: dict[str, np.ndarray]) -> None:
    """Means over the seeds, and standard deviations where there are several."""
    gain = scores["flow"] - scores["gaussian"]
    for name, rows in [*scores.items(), ("gain", gain)]:
        spread = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.full(2, np.nan)
        print(
            f"{name:8s} ELBO {rows[:, 0].mean():8.2f} +- {spread[0]:.2f}   "
            f"importance-weighted {rows[:, 1].mean():8.2f} +- {spread[1]:.2f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", dest="data_name", choices=("digits", "mnist", "fashion_mnist"), default="digits"
    )
    parser.add_argument("--directory", type=Path, help="with the files of the data")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--couplings", dest="num_couplings", type=int, default=8)
    parser.add_argument("--samples", dest="num_samples", type=int, default=100)
    parser.add_argument("--test-images", dest="num_test", type=int, help="only the first of them")
    report(main(**vars(parser.parse_args())))
