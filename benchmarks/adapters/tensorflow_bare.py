"""The bare networks of TensorFlow, chained: the least that a flow with them can cost.

Each is fed from the one before, so that gradients flow through all of them, with no transform and
no log-det. A sample runs the same chain on fresh noise.
"""

import sizes
import tensorflow as tf

from adapters import Measured
from adapters.tensorflow_calls import PACKAGES, cnn, images, measured, mlp, vectors
from tfp_flows import nets, partitions

__all__ = ["PACKAGES", "flowpp", "glow", "tabular"]


def tabular() -> Measured:
    """MLPs, each of which puts out the halves of the next."""
    at = sizes.TABULAR
    networks = [mlp(at.half, at.hidden, 2 * at.half) for _ in range(at.couplings)]

    def chained(x: tf.Tensor) -> tf.Tensor:
        x = x[:, : at.half]
        for net in networks:
            x = net(x)[:, : at.half]
        return tf.reduce_sum(x, axis=-1)

    noise = (at.batch, at.size)
    return measured(
        chained, lambda: chained(tf.random.normal(noise)), _variables(networks), vectors(*noise)
    )


def glow() -> Measured:
    """Convolutions, level by level."""
    at = sizes.GLOW
    levels = [
        [cnn((at.size >> i, at.size >> i, c // 2), at.filters, c) for _ in range(at.steps)]
        for i, c in enumerate(at.channels, start=1)
    ]

    def chained(x: tf.Tensor) -> tf.Tensor:
        total = 0.0
        for networks in levels:
            x = tf.nn.space_to_depth(x, 2)
            x, rest = tf.split(x, 2, axis=-1)
            for net in networks:
                shift, scale = tf.split(net(x), 2, axis=-1)
                x, rest = rest + shift + scale, x
            total += tf.reduce_sum(rest, axis=(1, 2, 3))
        return total + tf.reduce_sum(x, axis=(1, 2, 3))

    x = images(at.batch, at.size)
    variables = _variables([net for networks in levels for net in networks])
    return measured(chained, lambda: chained(tf.random.normal(x.shape)), variables, x)


def flowpp(num_components: int) -> Measured:
    """The networks of Flow++, each fed with the sum of what the one before puts out."""
    at = sizes.FLOWPP
    stripes, num_params = partitions.Stripes(), 2 + 3 * num_components
    parts = stripes.part_shapes((at.size, at.size, 3))
    make = nets.FlowPPNet(at.filters, at.blocks, dropout=0.0)
    networks = [make(*parts, num_params) for _ in range(at.couplings)]

    def chained(x: tf.Tensor) -> tf.Tensor:
        x, rest = stripes.split(x)
        for net in networks:
            raw = tf.reshape(net(x), [-1, *parts[1][:2], num_params, parts[1][2]])
            x, rest = rest + tf.reduce_mean(raw, axis=-2), x
        return tf.reduce_sum(x + rest, axis=(1, 2, 3))

    x = images(at.batch, at.size)
    return measured(chained, lambda: chained(tf.random.normal(x.shape)), _variables(networks), x)


def _variables(networks: list) -> list:
    return [v.value for net in networks for v in net.trainable_variables]
