"""What a Glow costs over its bare networks: 32x32x3, 3 levels of 8 steps, 128 filters, batch 16.

    make bench

One process, two threads, the same optimizer in every row, repetitions interleaved (A B C A B C
...). The floor is the networks of our flow, chained: each is fed from the one before, so that
gradients flow through all of them, with no transform and no log-det. `tfb.Glow` has its own
networks of the same sizes. The first call traces the step.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf
import tensorflow_probability as tfp
from measuring import Model, interleaved, report, train_step, use_two_threads

from tfp_flows import flows, nets, training

tfb, tfd = tfp.bijectors, tfp.distributions
LEVELS, STEPS, FILTERS, BATCH = 3, 8, 128, 16


def make_images() -> tf.Tensor:
    """Uniform noise."""
    return tf.random.stateless_uniform([BATCH, 32, 32, 3], seed=[0, 1])


def make_flow() -> tfd.Distribution:
    """Ours, initialized."""
    # Without the edge channel of Glow's released code, which `tfb.Glow` does not have either.
    net = nets.GlowNet(FILTERS, edge=False)
    flow = flows.glow((32, 32, 3), num_levels=LEVELS, num_steps=STEPS, net=net)
    training.initialize(flow, make_images())
    return flow


def ours() -> Model:
    """`flows.glow`."""
    flow = make_flow()
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


def floor() -> Model:
    """The networks of the couplings, chained."""
    networks = [
        module.network
        for module in make_flow().submodules
        if type(getattr(module, "network", None)).__name__ == "GlowCouplingNet"
    ]
    networks.sort(key=lambda net: net.kept_shape[-1])

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


MODELS = {"bare networks, chained": floor, "tfp_flows": ours, "tfb.Glow": stock}


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
