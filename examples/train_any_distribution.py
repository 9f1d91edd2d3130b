"""Fit stock TFP distributions with Keras
======================================

By ``fit``, and compared with a Gaussian. ::

    python examples/train_any_distribution.py [--epochs 40] [--seed 0]

takes under a minute on two CPU cores. The data are the six principal components of dequantized
8x8 handwritten digits that vary most, each rescaled to variance 1. Three kinds of distributions are
trained alike, by `tfp_flows.FlowModel`:

- chain: a normal distribution pushed through a `tfb.Chain` of TFP's own bijectors, two of them
  with Keras 3 networks;
- mixture: a `tfd.MixtureSameFamily` of Gaussians of full covariance;
- joint: a `tfd.JointDistributionNamed` of rows and of latents that nobody observes. What is
  trained and scored is a bound of the log-density of the rows, the ELBO.

Each is scored on test rows before and after training, in nats. The reference is the Gaussian with
mean and covariance of the training rows, the best there is.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import FlowModel, bijectors, data, distributions, flows, nets

tfd, tfb = tfp.distributions, tfp.bijectors
SIZE, LATENTS, COMPONENTS, BATCH = 6, 3, 20, 64


def load() -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows `[n, SIZE]`."""
    pixels = [
        data.dequantize(data.load_digits(split)[0], data.DIGITS_NUM_LEVELS, seed=[0, i])
        for i, split in enumerate(("train", "test"))
    ]
    train, test = (np.reshape(part, [len(part), -1]) for part in pixels)
    mean = train.mean(axis=0)
    _, scales, directions = np.linalg.svd(train - mean, full_matrices=False)
    projection = directions[:SIZE].T / scales[:SIZE] * len(train) ** 0.5
    return (train - mean) @ projection, (test - mean) @ projection


def make_chain() -> tfd.Distribution:
    """TFP's RealNVP, with Keras 3 networks, and an affine map."""

    def coupling() -> tfb.Bijector:
        layers = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
        net = keras.Sequential([keras.Input((SIZE // 2,)), *layers, keras.layers.Dense(SIZE)])
        # TFP would not see the variables of a function that calls `net`.
        network = bijectors.KerasNetwork(net, shift_and_log_scale)
        return tfb.RealNVP(num_masked=SIZE // 2, shift_and_log_scale_fn=network)

    def shift_and_log_scale(net: keras.Model, x: tf.Tensor, *_: int, **__: bool) -> list[tf.Tensor]:
        shift, log_scale = tf.split(net(x), 2, axis=-1)
        return [shift, tf.tanh(log_scale)]

    factor = tfp.util.TransformedVariable(tf.eye(SIZE), tfb.FillScaleTriL())
    swap = tfb.Permute(np.roll(np.arange(SIZE), SIZE // 2))
    links = [tfb.Shift(tf.Variable(tf.zeros(SIZE))), tfb.ScaleMatvecTriL(factor)]
    chain = tfb.Chain([*links, coupling(), swap, coupling()])
    return tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), [SIZE]), chain)


def make_mixture(rows: np.ndarray) -> tfd.Distribution:
    """Gaussians around some of the rows."""
    factors = 0.5 * tf.eye(SIZE, batch_shape=[COMPONENTS])
    factors = tfp.util.TransformedVariable(factors, tfb.FillScaleTriL())
    return tfd.MixtureSameFamily(
        tfd.Categorical(logits=tf.Variable(tf.zeros(COMPONENTS))),
        tfd.MultivariateNormalTriL(tf.Variable(rows[:COMPONENTS]), factors),
    )


def make_joint() -> tfd.Distribution:
    """Rows around a curved surface, which a network draws from latents."""
    decoder = bijectors.KerasNetwork(nets.MLP((64,), zero_init=False)((LATENTS,), (SIZE,), 1))
    noise = tfp.util.TransformedVariable(tf.fill([SIZE], 0.5), tfb.Softplus())
    joint = tfd.JointDistributionNamed(
        {
            "latents": tfd.Sample(tfd.Normal(0.0, 1.0), [LATENTS]),
            "rows": lambda latents: tfd.MultivariateNormalDiag(decoder(latents), noise),
        }
    )
    joint.decoder, joint.noise = decoder, noise  # TFP does not look into the function.
    # What finds the latents of a row: a conditional flow.
    posterior = flows.coupling_flow(
        (LATENTS,), num_couplings=4, net=nets.MLP((64,)), context_shape=(SIZE,)
    )
    return distributions.Marginal(joint, "rows", posterior)


def main(epochs: int, seed: int) -> dict[str, list[float]]:
    """The scores of each distribution, before and after training, and those of the Gaussian."""
    keras.utils.set_random_seed(seed)
    train, test = load()
    factor = np.linalg.cholesky(np.cov(train, rowvar=False, ddof=0, dtype=train.dtype))
    gaussian = tfd.MultivariateNormalTriL(train.mean(axis=0), factor)
    reference = -float(np.mean(gaussian.log_prob(test)))
    print(f"gaussian  {reference:7.3f} nats")
    made = {"chain": make_chain(), "mixture": make_mixture(train), "joint": make_joint()}
    scores = {"gaussian": [reference] * 2}
    for name, distribution in made.items():
        start = time.monotonic()
        model = FlowModel(distribution)
        rate = keras.optimizers.schedules.CosineDecay(5e-3, epochs * -(-len(train) // BATCH))
        model.compile(keras.optimizers.Adam(rate))
        before = model.evaluate(test, verbose=0, return_dict=True)["nll"]
        model.fit(train, batch_size=BATCH, epochs=epochs, verbose=0)
        after = model.evaluate(test, verbose=0, return_dict=True)["nll"]
        scores[name] = [before, after]
        print(
            f"{name:8s}  {before:7.3f} -> {after:.3f} nats, "
            f"{model.count_params():,d} parameters, {time.monotonic() - start:.0f} s"
        )
    log_prob = tf.function(made["joint"].log_prob)
    tighter = -float(np.mean(log_prob(test, num_samples=200, importance_weighted=True)))
    print(f"joint, by an importance-weighted bound: {tighter:.3f} nats")
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
