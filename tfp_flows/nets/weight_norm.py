"""Weight normalization, which Keras 3 does not have.

w = g * v / ||v||: the length of the weights of each output is a variable of its own, apart from
their direction. Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868.
"""

import keras
import tensorflow as tf

_TINY = 1e-24


class _WeightNorm(keras.layers.Layer):
    """w = g * v / ||v|| + bias and activation; subclasses say how w meets the inputs."""

    def __init__(
        self, units: int, activation: str | None, dtype: str | keras.DTypePolicy | None
    ) -> None:
        super().__init__(dtype=dtype)
        self.units = units
        self.activation = keras.activations.get(activation)
        # Made here, as the plain layers do, so that both draw the same seed.
        self.kernel_initializer = keras.initializers.GlorotUniform()

    @property
    def kernel(self) -> tf.Tensor:
        """The kernel w = g * v / ||v||, in at least float32."""
        direction = self._wide(self.direction)
        scale = self._wide(self.gain) * keras.ops.rsqrt(self._square_norm())
        return direction * scale

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
        self.gain = self.add_weight(
            name="gain",
            shape=kernel_shape[-1:],
            initializer=lambda _, dtype: keras.ops.cast(keras.ops.sqrt(self._square_norm()), dtype),
            autocast=False,
        )
        self.bias = self.add_weight(name="bias", shape=kernel_shape[-1:], initializer="zeros")

    def _square_norm(self) -> tf.Tensor:
        """||v||^2 of each output, `[units]`."""
        square = keras.ops.square(self._wide(self.direction))
        total = keras.ops.sum(square, axis=tuple(range(len(square.shape) - 1)))
        # A direction that was driven to 0 shall give the kernel 0, not NaN.
        return keras.ops.maximum(total, _TINY)

    def _wide(self, variable: keras.Variable) -> tf.Tensor:
        """The variable in float32, or in float64 if it is."""
        dtype = keras.backend.result_type(variable.dtype, "float32")
        return keras.ops.cast(variable, dtype)

    def _finish(self, outputs: tf.Tensor) -> tf.Tensor:
        return self.activation(keras.ops.add(outputs, self.bias))


class WeightNormDense(_WeightNorm):
    """y = act(x (g * v / ||v||) + b), a `keras.layers.Dense` with weight normalization.

    It starts as the Dense layer of the same seed does.
    Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868.

    Args:
      units: Width of the output.
      activation: Name of a Keras activation; None for none.
      dtype: Keras dtype or policy; None for the global policy.

    Example:
      >>> WeightNormDense(3)(keras.ops.ones([2, 5])).shape
      TensorShape([2, 3])
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        dtype: str | keras.DTypePolicy | None = None,
    ) -> None:
        super().__init__(units, activation, dtype)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[..., D]`."""
        self._add_weights((input_shape[-1], self.units))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Outputs `[..., units]` of inputs `[..., D]`."""
        kernel = keras.ops.cast(self.kernel, self.compute_dtype)
        return self._finish(keras.ops.matmul(inputs, kernel))


class WeightNormConv2D(_WeightNorm):
    """y = act(x * (g * v / ||v||) + b), a `keras.layers.Conv2D` with weight normalization.

    Channels are last, the padding is "same", and it starts as the Conv2D layer of the same seed
    does. Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868.

    Args:
      filters: Number of output channels.
      kernel_size: Height and width of the kernel.
      activation: Name of a Keras activation; None for none.
      dtype: Keras dtype or policy; None for the global policy.

    Example:
      >>> WeightNormConv2D(3, kernel_size=3)(keras.ops.ones([2, 8, 8, 1])).shape
      TensorShape([2, 8, 8, 3])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        activation: str | None = None,
        dtype: str | keras.DTypePolicy | None = None,
    ) -> None:
        super().__init__(filters, activation, dtype)
        self.kernel_size = kernel_size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, C]`."""
        self._add_weights((self.kernel_size, self.kernel_size, input_shape[-1], self.units))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Outputs `[N, H, W, filters]` of inputs `[N, H, W, C]`."""
        kernel = keras.ops.cast(self.kernel, self.compute_dtype)
        outputs = keras.ops.conv(inputs, kernel, padding="same", data_format="channels_last")
        return self._finish(outputs)
