"""TFP's own classes."""

import keras
import sizes
import tensorflow as tf
import tensorflow_probability as tfp

from adapters import Measured
from adapters.tensorflow_calls import PACKAGES, images, measured_flow, mlp, vectors
from tfp_flows import bijectors

__all__ = ["PACKAGES", "glow", "tabular"]

tfb, tfd = tfp.bijectors, tfp.distributions


def tabular(*, permute: bool) -> Measured:
    """`tfb.RealNVP` with the same networks, made visible.

    The other half moves next either after `tfb.Permute`, as in TFP's documentation, or by masking
    the first and the last units in turn, which saves the permutations.
    """
    at = sizes.TABULAR

    def shift_and_log_scale(net: keras.Model, x: tf.Tensor, units: int, **_: object) -> list:
        del units
        shift, raw = tf.split(net(x), 2, axis=-1)
        return [shift, 2 * tf.tanh(raw / 2)]

    links = []
    for i in range(at.couplings):
        net = mlp(at.half, at.hidden, 2 * at.half)
        network = bijectors.KerasNetwork(net, shift_and_log_scale)
        masked = at.half if permute or i % 2 == 0 else -at.half
        links.append(tfb.RealNVP(num_masked=masked, shift_and_log_scale_fn=network))
        if permute:
            links.append(tfb.Permute(list(range(at.size))[::-1]))
    base = tfd.MultivariateNormalDiag(tf.zeros(at.size))
    flow = tfd.TransformedDistribution(base, tfb.Chain(links))
    return measured_flow(flow, vectors(at.batch, at.size))


def glow() -> Measured:
    """`tfb.Glow`."""
    at = sizes.GLOW
    bijector = tfb.Glow(
        output_shape=(at.size, at.size, 3),
        num_glow_blocks=at.levels,
        num_steps_per_block=at.steps,
        coupling_bijector_fn=lambda shape: tfb.GlowDefaultNetwork(shape, num_hidden=at.filters),
        exit_bijector_fn=tfb.GlowDefaultExitNetwork,
        grab_after_block=[0.5] * at.levels,
    )
    base = tfd.MultivariateNormalDiag(tf.zeros(3 * at.size**2))
    flow = tfd.TransformedDistribution(base, bijector)
    x = images(at.batch, at.size)
    flow.log_prob(x)  # Its variables are made by the first call.
    return measured_flow(flow, x)
