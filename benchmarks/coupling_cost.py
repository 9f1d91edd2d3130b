"""What a RealNVP costs over its bare networks: D=64, 8 couplings, 256x256 MLPs, batch 1024.

    make bench

One process, two threads, the same networks and optimizer in every row, repetitions interleaved
(A B C A B C ...). The floor is the bare networks, chained: each is fed from the one before, so that
gradients flow through all of them, with no transform and no log-det. A ratio is the median over
rounds of (time of the row / time of the floor in the same round).
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf
import tensorflow_probability as tfp
from measuring import Model, interleaved, report, train_step, use_two_threads

from tfp_flows import bijectors, flows, nets

tfb, tfd = tfp.bijectors, tfp.distributions
SIZE, BATCH, COUPLINGS, HIDDEN = 64, 1024, 8, (256, 256)
HALF = SIZE // 2


def make_nets() -> list[keras.Model]:
    """The conditioners of one model, in plain Keras for the floor and for TFP."""
    return [
        keras.Sequential(
            [
                keras.layers.Input((HALF,)),
                *(keras.layers.Dense(width, "relu") for width in HIDDEN),
                keras.layers.Dense(2 * HALF),
            ]
        )
        for _ in range(COUPLINGS)
    ]


def floor() -> Model:
    """The bare networks, chained."""
    networks = make_nets()

    def loss(x: tf.Tensor) -> tf.Tensor:
        x = x[:, :HALF]
        for net in networks:
            x = net(x)[:, :HALF]
        return tf.reduce_mean(x)

    return loss, [v.value for net in networks for v in net.trainable_variables]


def ours() -> Model:
    """`flows.coupling_flow`."""
    net = nets.MLP(HIDDEN, zero_init=False)
    flow = flows.coupling_flow((SIZE,), num_couplings=COUPLINGS, net=net)
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


def stock(*, permute: bool) -> Model:
    """`tfb.RealNVP` with the same networks, made visible.

    The other half moves next either after `tfb.Permute`, as in TFP's documentation, or by masking
    the first and the last units in turn, which saves the permutations.
    """

    def shift_and_log_scale(net: keras.Model, x: tf.Tensor, units: int, **_: object) -> list:
        del units
        shift, raw = tf.split(net(x), 2, axis=-1)
        return [shift, 2 * tf.tanh(raw / 2)]

    links = []
    for i, net in enumerate(make_nets()):
        network = bijectors.KerasNetwork(net, shift_and_log_scale)
        masked = HALF if permute or i % 2 == 0 else -HALF
        links.append(tfb.RealNVP(num_masked=masked, shift_and_log_scale_fn=network))
        if permute:
            links.append(tfb.Permute(list(range(SIZE))[::-1]))
    flow = tfd.TransformedDistribution(tfd.MultivariateNormalDiag(tf.zeros(SIZE)), tfb.Chain(links))
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


MODELS = {
    "bare networks, chained": floor,
    "tfp_flows": ours,
    "tfb.RealNVP, tfb.Permute": lambda: stock(permute=True),
    "tfb.RealNVP, masks in turn": lambda: stock(permute=False),
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    use_two_threads()
    models = {name: make() for name, make in MODELS.items()}
    x = tf.random.stateless_normal([BATCH, SIZE], seed=[0, 1])
    steps = {name: train_step(*model) for name, model in models.items()}
    report(interleaved(steps, x, rounds), models)


if __name__ == "__main__":
    main()
