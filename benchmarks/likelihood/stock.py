"""TFP's own classes."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from likelihood.keras_learner import PACKAGES, KerasLearner
from likelihood.sizes import GLOW, TABLE
from tfp_flows import bijectors
from tfp_flows.typing import Bijector, Distribution

__all__ = ["PACKAGES", "image", "maf", "real_nvp"]

tfb, tfd = tfp.bijectors, tfp.distributions


def image(first: np.ndarray) -> KerasLearner:
    """`tfb.Glow` behind our logit, without which it is worse on images with many black pixels."""

    def make(first: np.ndarray) -> Distribution:
        glow = tfb.Glow(
            output_shape=first.shape[1:],
            num_glow_blocks=GLOW.levels,
            num_steps_per_block=GLOW.steps,
            coupling_bijector_fn=lambda shape: tfb.GlowDefaultNetwork(
                shape, num_hidden=GLOW.filters
            ),
            exit_bijector_fn=tfb.GlowDefaultExitNetwork,
            grab_after_block=[0.5] * GLOW.levels,
        )
        flow = _flow([bijectors.Logit(GLOW.alpha), glow], first[0].size)
        flow.log_prob(first)  # Makes its variables, and sets them.
        return flow

    return KerasLearner(make, first)


def real_nvp(first: np.ndarray) -> KerasLearner:
    """`tfb.RealNVP` with networks of Keras 3, made visible, and permutations between."""

    def shift_and_log_scale(net: keras.Model, x: tf.Tensor, units: int, **_: object) -> list:
        del units
        shift, raw = tf.split(net(x), 2, axis=-1)
        return [shift, _bounded(raw)]

    def make(first: np.ndarray) -> Distribution:
        size, links = first.shape[-1], []
        kept = size // 2
        for _ in range(TABLE.layers):
            net = keras.Sequential(
                [
                    keras.layers.Input((kept,)),
                    *[keras.layers.Dense(units, "relu") for units in TABLE.hidden],
                    keras.layers.Dense(2 * (size - kept), kernel_initializer="zeros"),
                ]
            )
            network = bijectors.KerasNetwork(net, shift_and_log_scale)
            links.append(tfb.RealNVP(num_masked=kept, shift_and_log_scale_fn=network))
            links.append(_reversed(size))
        return _flow(links, size)

    return KerasLearner(make, first)


class _Autoregressive(tf.Module):
    """`tfb.AutoregressiveNetwork`, its scale within those of the couplings.

    Without a bound the flow came to NaN in its seventh step on MINIBOONE.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        hidden = list(TABLE.hidden)
        self._made = tfb.AutoregressiveNetwork(2, hidden_units=hidden, activation="relu")
        self._made.build((None, size))

    def __call__(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        shift, raw = tf.unstack(self._made(x), axis=-1)
        return shift, _bounded(raw)


def maf(first: np.ndarray) -> KerasLearner:
    """`tfb.MaskedAutoregressiveFlow`, and permutations between."""

    def make(first: np.ndarray) -> Distribution:
        size, links = first.shape[-1], []
        for _ in range(TABLE.layers):
            links.append(tfb.MaskedAutoregressiveFlow(_Autoregressive(size)))
            links.append(_reversed(size))
        return _flow(links, size)

    return KerasLearner(make, first)


def _bounded(raw: tf.Tensor) -> tf.Tensor:
    return 2 * tf.tanh(raw / 2)  # As in our `transforms.Affine()`.


def _reversed(size: int) -> Bijector:
    return tfb.Permute(list(range(size))[::-1])


def _flow(links: list[Bijector], size: int) -> Distribution:
    return tfd.TransformedDistribution(tfd.MultivariateNormalDiag(tf.zeros(size)), tfb.Chain(links))
