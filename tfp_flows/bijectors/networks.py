"""The seam between networks and TFP: makes the variables of Keras 3 visible.

A Keras 3 layer is no `tf.Module` and its variables are no `tf.Variable`s, so a bijector that holds
one reports nothing to train, in silence. `tf.Module` does find the items of any *sequence* that
sits in an attribute, at any depth of `Chain`, `Invert` and `TransformedDistribution`: a live view
of the layer's variables is such a sequence.
"""

import collections.abc
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf


class _VariableView(collections.abc.Sequence):
    """The `tf.Variable`s behind the Keras 3 layers, also those that are made later."""

    def __init__(self, layers: list[Any]) -> None:
        self._layers = layers

    def pairs(self) -> list[tuple[Any, tf.Variable]]:
        """Each variable as Keras and as TensorFlow has it."""
        return [(v, v.value) for layer in self._layers for v in layer.variables]

    def _variables(self) -> list[tf.Variable]:
        return [variable for _, variable in self.pairs()]

    def __getitem__(self, index: Any) -> Any:
        return self._variables()[index]

    def __iter__(self) -> Iterator[tf.Variable]:
        # That of a sequence would list all of them again for each one.
        return iter(self._variables())

    def __len__(self) -> int:
        return len(self._variables())

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class KerasNetwork(tf.Module):
    """A callable whose Keras 3 variables TensorFlow and TFP can see.

    Our own bijectors wrap their networks by themselves. Stock TFP bijectors that take a network
    train with Keras 3 when they are given this.

    Args:
      network: a Keras 3 layer or model, a list or dict of them, or any other callable or
        `tf.Module`.
      function: `function(network, *args, **kwargs)`, what a call computes; the default calls
        `network` itself.
      name: name of the module.

    Raises:
      ValueError: if the backend of Keras is not TensorFlow.
      TypeError: if nothing can be called.

    Example:
      >>> import keras, tensorflow as tf, tensorflow_probability as tfp
      >>> from tfp_flows import bijectors
      >>> net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(4)])
      >>> def shift_and_log_scale(net, x, output_units, **kwargs):
      ...     return tf.split(net(x), 2, axis=-1)
      >>> flow = tfp.bijectors.RealNVP(
      ...     num_masked=2,
      ...     shift_and_log_scale_fn=bijectors.KerasNetwork(net, shift_and_log_scale),
      ... )
      >>> len(flow.trainable_variables)
      2
    """

    def __init__(
        self,
        network: Any,
        function: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if function is None and not callable(network):
            raise TypeError(f"`network` must be callable or come with `function`; got {network!r}.")
        self._network = network
        self._function = function
        # Not tracked for checkpoints: those reach the variables through the network itself.
        view = _VariableView(list(_keras3_layers(network)))
        self._layer_variables = self._no_dependency(view)  # pyright: ignore[reportAttributeAccessIssue]
        self._track_lost_variables()

    def _track_lost_variables(self) -> None:
        """Gives checkpoints what they miss: layers in plain lists, and the seeds of dropout."""
        variables = self.variable_pairs()
        if not variables:
            return
        seen = {id(node) for node in tf.train.TrackableView(self).descendants()}
        self._lost = tuple(
            tf_v for keras_v, tf_v in variables if not {id(keras_v), id(tf_v)} & seen
        )

    def variable_pairs(self) -> list[tuple[Any, tf.Variable]]:
        """Each variable of the Keras 3 layers, as Keras and as TensorFlow has it."""
        return self._layer_variables.pairs()

    @property
    def network(self) -> Any:
        """What was wrapped."""
        return self._network

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._function is None:
            return self._network(*args, **kwargs)
        return self._function(self._network, *args, **kwargs)


def _keras3_layers(network: Any) -> Iterator[Any]:
    """The parts of `network` whose variables `tf.Module` would miss."""
    for part in tf.nest.flatten(network):
        # Recognised by behaviour: `bijectors` does not import Keras. A tf_keras layer, a Sonnet
        # module and the like are `tf.Module`s, which TFP sees without help.
        if not isinstance(part, tf.Module) and hasattr(part, "variables"):
            _require_tensorflow_variables(part)
            yield part


def _require_tensorflow_variables(layer: Any) -> None:
    for variable in layer.variables:
        value = getattr(variable, "value", None)
        if not hasattr(value, "assign"):
            raise ValueError(
                "The backend of Keras must be 'tensorflow'; got a variable of type "
                f"{type(value).__module__}.{type(value).__name__}. Set KERAS_BACKEND=tensorflow "
                "before Keras is imported."
            )
