"""Weight normalization, which Keras 3 does not have.

w = g * v / ||v||: the length of the weights of each output is a variable of its own, apart from
their direction. Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868.
"""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.backend import wide

_TINY = 1e-24


def square_norm(direction: tf.Tensor | keras.Variable) -> tf.Tensor:
    """||v||^2 of each output, `[units]` of `[..., units]`, in at least float32."""
    square = keras.ops.square(wide(direction))
    total = keras.ops.sum(square, axis=tuple(range(len(square.shape) - 1)))
    # A direction that was driven to 0 shall give the kernel 0, not NaN.
    return keras.ops.maximum(total, _TINY)


class WeightNorm(keras.layers.Layer):
    """w = g * v / ||v|| + bias and activation; subclasses say how w meets the inputs.

    Args:
      units: Number of outputs.
      activation: Name of a Keras activation; None for none.
      dtype: Keras dtype or policy; None for the global policy.
      use_bias: Whether there is a bias.
      use_gain: Whether there is a g; without, it is 1.
      kernel_initializer: Keras initializer of v; None for Glorot's uniform one.
      gain_initializer: Keras initializer of g; None for ||v||, so that w starts as v.
      gain_regularizer: Keras regularizer of g.
    """

    def __init__(
        self,
        units: int,
        activation: str | None,
        dtype: str | keras.DTypePolicy | None,
        *,
        use_bias: bool = True,
        use_gain: bool = True,
        kernel_initializer: Any = None,
        gain_initializer: Any = None,
        gain_regularizer: Any = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.use_bias, self.use_gain = use_bias, use_gain
        # Made here, as the plain layers do, so that both draw the same seed.
        self.kernel_initializer = keras.initializers.get(kernel_initializer or "glorot_uniform")
        self.gain_initializer = keras.initializers.get(gain_initializer)
        self.gain_regularizer = keras.regularizers.get(gain_regularizer)
        self.gain = self.bias = None

    @property
    def kernel(self) -> tf.Tensor:
        """The kernel w = g * v / ||v||, in at least float32."""
        scale = keras.ops.rsqrt(square_norm(self.direction))
        if self.gain is not None:
            scale = wide(self.gain) * scale
        return wide(self.direction) * scale

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[..., units]` for inputs `[..., D]`."""
        return (*input_shape[:-1], self.units)

    def _add_weights(self, kernel_shape: tuple[int, ...]) -> None:
        # Without autocast the variables reach the norm unrounded under a mixed policy.
        self.direction = self.add_weight(
            name="direction",
            shape=kernel_shape,
            initializer=self.kernel_initializer,
            autocast=False,
        )
        if self.use_gain:
            self.gain = self.add_weight(
                name="gain",
                shape=kernel_shape[-1:],
                initializer=self.gain_initializer or self._norm,
                regularizer=self.gain_regularizer,
                autocast=False,
            )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=kernel_shape[-1:], initializer="zeros")

    def _norm(self, shape: tuple[int, ...], dtype: str) -> tf.Tensor:
        del shape
        return keras.ops.cast(keras.ops.sqrt(square_norm(self.direction)), dtype)

    def _finish(self, outputs: tf.Tensor) -> tf.Tensor:
        if self.bias is not None:
            return self.activation(keras.ops.add(outputs, self.bias))
        return self.activation(outputs)


class WeightNormDense(WeightNorm):
    """y = act(x (g * v / ||v||) + b), a `keras.layers.Dense` with weight normalization.

    It starts as the Dense layer of the same seed does.
    Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868.

    Args:
      units: Width of the output.
      activation: Name of a Keras activation; None for none.
      dtype: Keras dtype or policy; None for the global policy.
      kernel_initializer: Keras initializer of v, and so of the kernel; None for Glorot's.

    Example:
      >>> WeightNormDense(3)(keras.ops.ones([2, 5])).shape
      TensorShape([2, 3])
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        dtype: str | keras.DTypePolicy | None = None,
        *,
        kernel_initializer: Any = None,
    ) -> None:
        super().__init__(units, activation, dtype, kernel_initializer=kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[..., D]`."""
        self._add_weights((input_shape[-1], self.units))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Outputs `[..., units]` of inputs `[..., D]`."""
        kernel = keras.ops.cast(self.kernel, self.compute_dtype)
        return self._finish(keras.ops.matmul(inputs, kernel))
