"""Every variable of a distribution, as Keras wants them."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.bijectors import KerasNetwork
from tfp_flows.typing import Distribution


def shared_variables(distribution: Distribution) -> list[keras.Variable]:
    """A `keras.Variable` for each variable of the distribution, with the same storage.

    Variables of Keras 3 networks are the networks' own, with their names, constraints and
    regularizers. Networks that make their variables in the first call are called once.

    Raises:
      ValueError: if there is nothing to train, or a network cannot be built.
    """
    build(distribution)
    if not distribution.trainable_variables:
        raise ValueError(
            f"`distribution` must have something to train; got {distribution}, whose "
            "`trainable_variables` are empty. Give it `tf.Variable`s, or a bijector of tfp_flows; "
            "for Keras networks in stock bijectors see `bijectors.KerasNetwork`."
        )
    own = {id(variable.value): variable for variable in _network_variables(distribution)}
    found = distribution.variables
    return [own[id(v)] if id(v) in own else _share(v) for v in found]


def build(distribution: Distribution) -> None:
    """Calls networks that make their variables in the first call, once.

    Raises:
      ValueError: if one cannot be called with zeros.
    """
    if not all(_is_built(module) for module in distribution.submodules):
        _call_once(distribution)


def lost_variables(
    distribution: Distribution, variables: list[keras.Variable]
) -> tuple[keras.Variable, ...]:
    """Those that `tf.train.Checkpoint` misses: in lists of layers, and the seeds of dropout."""
    seen = {id(node) for node in tf.train.TrackableView(distribution).descendants()}
    return tuple(v for v in variables if not {id(v), id(v.value)} & seen)


def require_found(read: Iterable[tf.Variable], found: list[keras.Variable]) -> None:
    """Raises a `ValueError` if a log-density reads a variable that would not be trained."""
    known = {id(variable.value) for variable in found}
    hidden = [variable.name for variable in read if id(variable) not in known]
    if hidden:
        raise ValueError(
            f"`distribution` must show all its variables to TFP; got {hidden}, which its density "
            "reads but which are not in its `variables`. Call `log_prob` once if a network was "
            "not built yet, and see `bijectors.KerasNetwork` for Keras networks."
        )


def _is_built(module: tf.Module) -> bool:
    network = module.network if isinstance(module, KerasNetwork) else module
    return all(getattr(part, "built", True) for part in tf.nest.flatten(network))


def _call_once(distribution: Distribution) -> None:
    try:
        distribution.log_prob(tf.zeros([1, *distribution.event_shape], distribution.dtype))
    except Exception as error:
        raise ValueError(
            f"`distribution` must have its variables; got {distribution} with a network that is "
            "not built and cannot be called with zeros. Call `log_prob` on a batch first."
        ) from error


def _network_variables(distribution: Distribution) -> Iterator[keras.Variable]:
    for module in distribution.submodules:
        if isinstance(module, KerasNetwork):
            for layer in tf.nest.flatten(module.network):
                if isinstance(layer, keras.Layer):
                    yield from layer.variables


def _share(variable: tf.Variable) -> keras.Variable:
    """A `keras.Variable` with the storage of a `tf.Variable`, so that Keras can train it."""
    shared: Any = keras.Variable(
        variable,
        dtype=variable.dtype.name,
        trainable=variable.trainable,
        name=variable.name.split(":")[0].replace("/", "_"),
    )
    if shared.value is not variable:
        raise RuntimeError(
            f"Keras copied the variable {variable.name} instead of sharing it: Keras 3.10 or "
            f"later is needed; got {keras.__version__}."
        )
    return shared
