"""What a Glow costs over its bare networks: 32x32x3, 3 levels of 8 steps, 128 filters, batch 16.

    make bench

One process, two threads, the same networks (convolutions 3x3, 1x1, 3x3, as `tfb.Glow` has them) and
the same optimizer in every row, repetitions interleaved (A B C A B C ...). The floor is the bare
networks, chained: each is fed from the one before, so that gradients flow through all of them, with
no transform and no log-det. The last row has the networks of Glow's paper instead, with
normalized layers and edge channels. The first call traces the step.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf
import tensorflow_probability as tfp
from measuring import Model, interleaved, report, train_step, use_two_threads

from tfp_flows import flows, training
from tfp_flows.typing import NetFactory

tfb, tfd = tfp.bijectors, tfp.distributions
LEVELS, STEPS, FILTERS, BATCH = 3, 8, 128, 16


def make_images() -> tf.Tensor:
    """Uniform noise."""
    return tf.random.stateless_uniform([BATCH, 32, 32, 3], seed=[0, 1])


def plain_net(kept: tuple, moved: tuple, num_params: int, context: None = None) -> keras.Model:
    """The network of `tfb.Glow`, in Keras 3."""
    del context
    return keras.Sequential(
        [
            keras.layers.Input(kept),
            keras.layers.Conv2D(FILTERS, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(FILTERS, 1, activation="relu"),
            keras.layers.Conv2D(num_params * moved[-1], 3, padding="same"),
        ]
    )


def ours(net: NetFactory | None = plain_net) -> Model:
    """`flows.glow`."""
    flow = flows.glow(
        (32, 32, 3),
        num_levels=LEVELS,
        num_steps=STEPS,
        filters=FILTERS,
        net=net,
        learned_prior=False,
    )
    training.initialize(flow, make_images())
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


def floor() -> Model:
    """The networks of the couplings, chained."""
    networks = [
        plain_net((32 >> level, 32 >> level, 3 * 2**level), (3 * 2**level,), 2)
        for level in range(1, LEVELS + 1)
        for _ in range(STEPS)
    ]

    def loss(x: tf.Tensor) -> tf.Tensor:
        total = 0.0
        for level in range(LEVELS):
            x = tf.nn.space_to_depth(x, 2)
            x, rest = tf.split(x, 2, axis=-1)
            for net in networks[level * STEPS : (level + 1) * STEPS]:
                shift, scale = tf.split(net(x), 2, axis=-1)
                x, rest = rest + shift + scale, x
            total += tf.reduce_mean(x) + tf.reduce_mean(rest)
        return total

    return loss, [v.value for net in networks for v in net.trainable_variables]


def stock() -> Model:
    """`tfb.Glow`."""
    glow = tfb.Glow(
        output_shape=(32, 32, 3),
        num_glow_blocks=LEVELS,
        num_steps_per_block=STEPS,
        coupling_bijector_fn=lambda shape: tfb.GlowDefaultNetwork(shape, num_hidden=FILTERS),
        exit_bijector_fn=tfb.GlowDefaultExitNetwork,
        grab_after_block=[0.5] * LEVELS,
    )
    flow = tfd.TransformedDistribution(tfd.MultivariateNormalDiag(tf.zeros(3072)), glow)
    flow.log_prob(make_images())  # Its variables are made by the first call.
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


MODELS = {
    "bare networks, chained": floor,
    "tfp_flows": ours,
    "tfb.Glow": stock,
    "tfp_flows, networks of the paper": lambda: ours(net=None),
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    use_two_threads()
    keras.utils.set_random_seed(0)
    models = {name: make() for name, make in MODELS.items()}
    steps = {name: train_step(*model) for name, model in models.items()}
    first = {}
    for name, step in steps.items():
        start = time.perf_counter()
        step(make_images()).numpy()
        first[name] = time.perf_counter() - start
    report(interleaved(steps, make_images(), rounds), models, first)


if __name__ == "__main__":
    main()
