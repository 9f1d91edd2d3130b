"""A multilayer perceptron."""

import itertools
import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.base import KerasNet
from tfp_flows.nets.checks import check_layers, check_number
from tfp_flows.nets.weight_norm import WeightNormDense
from tfp_flows.ops.arguments import check_int


@dataclass(frozen=True)
class MLP:
    """Dense layers on the flattened event and context: a factory of nets.

    The context, if there is one, is concatenated to the input. Calling the factory gives a net
    that is already built; see `KerasNet` for what a net takes and returns.

    Args:
      hidden: Widths of the hidden layers.
      activation: Name of a Keras activation.
      dropout: Rate of the entries dropped after each hidden layer, in training only.
      weight_norm: Whether the hidden layers have weight normalization,
        https://arxiv.org/abs/1602.07868.
      zero_init: Whether the last layer starts at 0, so that all parameters do.
      uniform: If given, the weights of all layers, also of the last, start uniform in
        [-uniform, uniform], as those of NICE do with 0.01; `zero_init` has no say then.
      dtype: Name of a Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If a field has the wrong type.
      ValueError: If a field has a bad value.

    Example:
      >>> net = MLP(hidden=(64, 64))(kept_shape=(3,), moved_shape=(2,), num_params=2)
      >>> net(keras.ops.ones([5, 3])).shape
      TensorShape([5, 4])
    """

    hidden: tuple[int, ...] = (256, 256)
    activation: str = "relu"
    dropout: float = 0.0
    _: KW_ONLY
    weight_norm: bool = False
    zero_init: bool = True
    uniform: float | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        # A config file has lists, and a list would make the dataclass unhashable.
        if isinstance(self.hidden, list):
            object.__setattr__(self, "hidden", tuple(self.hidden))
        if not isinstance(self.hidden, tuple):
            raise TypeError(f"`hidden` must be a tuple of ints; got {self.hidden!r}.")
        for width in self.hidden:
            check_int("hidden", width, 1)
        if self.uniform is not None:
            check_number("uniform", self.uniform, positive=True)
        check_layers(self)

    def __call__(
        self,
        kept_shape: tuple[int, ...],
        moved_shape: tuple[int, ...],
        num_params: int,
        context_shape: tuple[int, ...] | None = None,
    ) -> keras.layers.Layer:
        """A built net of `[..., *kept_shape]` and `[..., *context_shape]`."""
        net = MLPNet(self, kept_shape, moved_shape, num_params, context_shape)
        net.build()
        return net


@keras.saving.register_keras_serializable(package="tfp_flows")
class MLPNet(KerasNet):
    """The net that `MLP` makes; its arguments are those of `KerasNet`."""

    def __init__(
        self,
        spec: MLP,
        kept_shape: tuple[int, ...],
        moved_shape: tuple[int, ...],
        num_params: int,
        context_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(spec, kept_shape, moved_shape, num_params, context_shape)
        layers = [_hidden_layers(width, spec, self.dtype_policy) for width in spec.hidden]
        # A tuple: tf.train.Checkpoint does not see the layers in a list of a Keras layer.
        self.hidden_layers = tuple(itertools.chain(*layers))
        self.last_layer = keras.layers.Dense(
            math.prod(self.params_shape),
            kernel_initializer=_initializer(spec, "zeros" if spec.zero_init else "glorot_uniform"),
            dtype=self.dtype_policy,
        )

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "MLPNet":
        """The built net of a config."""
        del custom_objects
        return MLP(**config["spec"])(**{k: v for k, v in config.items() if k != "spec"})

    def build(self) -> None:
        """All variables."""
        width = math.prod(self.kept_shape)
        if self.context_shape is not None:
            width += math.prod(self.context_shape)
        shape = (None, width)
        for layer in [*self.hidden_layers, self.last_layer]:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def flat_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, *params_shape]`."""
        x = _flat_event(kept, self.kept_shape)
        if context is not None:
            x = keras.ops.concatenate([x, _flat_event(context, self.context_shape)], axis=-1)
        for layer in [*self.hidden_layers, self.last_layer]:
            x = layer(x)
        return x if len(self.params_shape) == 1 else keras.ops.reshape(x, (-1, *self.params_shape))


def _hidden_layers(width: int, spec: MLP, dtype: keras.DTypePolicy) -> list[keras.layers.Layer]:
    make = WeightNormDense if spec.weight_norm else keras.layers.Dense
    start = _initializer(spec, "glorot_uniform")
    dense = make(width, activation=spec.activation, kernel_initializer=start, dtype=dtype)
    # Dropout holds a seed variable, so there is none where nothing is dropped.
    return [dense, keras.layers.Dropout(spec.dropout, dtype=dtype)] if spec.dropout else [dense]


def _initializer(spec: MLP, usual: str) -> Any:
    """A new one for each layer: two layers would draw the same numbers from one."""
    if spec.uniform is None:
        return usual
    return keras.initializers.RandomUniform(-spec.uniform, spec.uniform)


def _flat_event(x: tf.Tensor, event_shape: tuple[int, ...]) -> tf.Tensor:
    """`[N, *event_shape]` as `[N, D]`, untouched if it is that already."""
    return x if len(event_shape) == 1 else keras.ops.reshape(x, (-1, math.prod(event_shape)))
