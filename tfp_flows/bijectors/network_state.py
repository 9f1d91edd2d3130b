"""What Keras 3 networks remember, for who runs them again as they ran before."""

import contextlib
import sys
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.networks import KerasNetwork


def seeds_of(module: tf.Module) -> list[tuple[Any, tf.Tensor]]:
    """The seeds of all Keras 3 networks in a module, as variables of Keras, and where they stand.

    Keras counts them on with each draw, as for dropout.
    """
    networks = [part for part in (module, *module.submodules) if isinstance(part, KerasNetwork)]
    pairs = [pair for network in networks for pair in network.variable_pairs()]
    return [(keras_v, tf.identity(tf_v)) for keras_v, tf_v in pairs if tf_v.dtype.is_integer]


def same_state(seeds: list[tuple[Any, tf.Tensor]]) -> contextlib.AbstractContextManager[Any]:
    """A block in which Keras 3 networks draw from these seeds and no variable of them changes."""
    # Who has a Keras network has imported Keras, which this room does not.
    keras = sys.modules.get("keras")
    return contextlib.nullcontext() if keras is None else keras.StatelessScope(seeds)
