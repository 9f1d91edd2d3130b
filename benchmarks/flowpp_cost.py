"""What a Flow++ costs over its bare networks: 32x32x3, 4 couplings, batch 8.

    make bench

One process, two threads, the same networks and optimizer in every row, repetitions interleaved. The
networks are those of Flow++, of two blocks with 32 filters: the paper's have ten with 96, beside
which mixtures hardly count. The floor is the bare networks, chained: each is fed with the sum of
what the one before puts out, with no transform and no log-det. Then, for one coupling with 32
components, a sample beside a density of the same network; it is inverted numerically.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
from measuring import Model, interleaved, report, train_step, use_two_threads

from tfp_flows import bijectors, flows, nets, partitions, training, transforms

SHAPE, BATCH, COUPLINGS = (32, 32, 3), 8, 4
NET = nets.FlowPPNet(32, 2, dropout=0.0)


def make_images() -> tf.Tensor:
    """Uniform noise."""
    return tf.random.stateless_uniform([BATCH, *SHAPE], seed=[0, 1])


def ours(num_components: int) -> Model:
    """`flows.flowpp`."""
    transform = transforms.LogisticMixture(num_components, spread=0.0)
    flow = flows.flowpp(SHAPE, couplings=((0, COUPLINGS),), transform=transform, net=NET)
    training.initialize(flow, make_images())
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


def floor(num_components: int) -> Model:
    """The networks of the couplings, chained."""
    num_params = 2 + 3 * num_components
    parts = partitions.Stripes().part_shapes(SHAPE)
    networks = [NET(*parts, num_params) for _ in range(COUPLINGS)]

    def loss(x: tf.Tensor) -> tf.Tensor:
        x, rest = partitions.Stripes().split(x)
        for net in networks:
            raw = tf.reshape(net(x), [-1, *parts[1][:2], num_params, parts[1][2]])
            x, rest = rest + tf.reduce_mean(raw, axis=-2), x
        return tf.reduce_mean(x) + tf.reduce_mean(rest)

    return loss, [v.value for net in networks for v in net.trainable_variables]


def both_directions(num_components: int) -> dict:
    """A density and a sample of one coupling, without and with XLA."""
    stripes = partitions.Stripes()
    net = NET(*stripes.part_shapes(SHAPE), 2 + 3 * num_components)
    coupling = bijectors.LogisticMixtureCoupling(stripes, net, num_components=num_components)

    def mean(results: tuple) -> tf.Tensor:
        return sum(tf.reduce_mean(result) for result in results)

    def density(x: tf.Tensor) -> tf.Tensor:
        return mean(coupling.inverse_and_log_det(x))

    def sample(z: tf.Tensor) -> tf.Tensor:
        return mean(coupling.forward_and_log_det(z))

    return {
        "log_prob": tf.function(density, autograph=False),
        "sample": tf.function(sample, autograph=False),
        "log_prob, XLA": tf.function(density, autograph=False, jit_compile=True),
        "sample, XLA": tf.function(sample, autograph=False, jit_compile=True),
    }


MODELS = {"bare networks, chained": floor, "tfp_flows": ours}


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    use_two_threads()
    keras.utils.set_random_seed(0)
    for num_components in (8, 32):
        print(f"\n{num_components} components")
        models = {name: make(num_components) for name, make in MODELS.items()}
        steps = {name: train_step(*model) for name, model in models.items()}
        report(interleaved(steps, make_images(), rounds), models)
    print("\none coupling, 32 components    median ms   over log_prob (quartiles)")
    seconds = interleaved(both_directions(32), make_images(), rounds)
    for name, values in seconds.items():
        over = seconds["log_prob, XLA" if "XLA" in name else "log_prob"]
        low, middle, high = np.percentile(values / over, [25, 50, 75])
        median = 1e3 * np.median(values)
        print(f"{name:<28} {median:10.1f}   {middle:.3f} ({low:.3f} .. {high:.3f})")


if __name__ == "__main__":
    main()
