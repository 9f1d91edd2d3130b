"""The convolution of Flow++'s released code, which the first batch sets."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.backend import wide
from tfp_flows.nets.checks import check_bool, check_number, check_odd
from tfp_flows.nets.weight_norm import square_norm
from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.moments import global_moments, positive_std
from tfp_flows.phases import is_initializing, set_once


@keras.saving.register_keras_serializable(package="tfp_flows")
class DataInitConv2D(keras.layers.Layer):
    """y = x * W + b, where a first batch gives each channel mean 0 and a standard deviation.

    Channels are last and the padding is "same". The weights start random, with standard deviation
    0.05, and b at 0; the first batch in `phases.initializing()` scales them, once. The saved
    variable `initialized` tells that it was done. Constant channels count as ones of standard
    deviation 1. Ho et al. 2019, https://arxiv.org/abs/1902.00275, after Salimans & Kingma 2016,
    https://arxiv.org/abs/1602.07868.

    Args:
      filters: Number of output channels.
      kernel_size: Height and width of the kernel, an odd number.
      init_scale: Standard deviation of the outputs for the first batch.
      weight_norm: Whether W = g * v / ||v||, with a g for each channel, which starts as 1. The
        first batch then sets g instead of W.
      dtype: Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If an argument has the wrong type.
      ValueError: If an argument has a bad value.

    Example:
      >>> DataInitConv2D(3, kernel_size=3)(keras.ops.ones([2, 8, 8, 1])).shape
      TensorShape([2, 8, 8, 3])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        init_scale: float = 1.0,
        weight_norm: bool = False,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.filters = check_int("filters", filters, 1)
        check_odd("kernel_size", kernel_size)
        check_number("init_scale", init_scale, positive=True)
        check_bool("weight_norm", weight_norm)
        self.kernel_size = kernel_size
        self.init_scale = init_scale
        self.weight_norm = weight_norm

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, C]`."""
        # Without autocast the variables are multiplied unrounded under a mixed policy. Replicas
        # agree on what they assign; a strategy wants to be told how to aggregate it.
        each = {"autocast": False, "aggregation": "mean"}
        weights = self.add_weight(
            name="direction" if self.weight_norm else "kernel",
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.filters),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            **each,
        )
        if self.weight_norm:
            self.direction = weights
            self.gain = self.add_weight(
                name="gain", shape=(self.filters,), initializer="ones", **each
            )
        else:
            self.kernel = weights
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros", **each)
        self.initialized = self.add_weight(
            name="initialized",
            initializer="zeros",
            dtype="bool",
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Outputs `[N, H, W, filters]` of inputs `[N, H, W, C]`."""
        if is_initializing():
            self._initialize(self._convolve(inputs))
        outputs = self._convolve(inputs)
        return tf.nn.bias_add(outputs, tf.cast(wide(self.bias), outputs.dtype))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[N, H, W, filters]` for inputs `[N, H, W, C]`."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the layer again."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "init_scale": self.init_scale,
            "weight_norm": self.weight_norm,
        }

    def _convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.weight_norm:
            scale = wide(self.gain) * tf.math.rsqrt(square_norm(self.direction))
            kernel = wide(self.direction) * scale
        else:
            kernel = self.kernel
        kernel = tf.cast(kernel, inputs.dtype)
        if self.kernel_size > 1:
            return tf.nn.conv2d(inputs, kernel, strides=1, padding="SAME")
        # As fast as a convolution, or faster.
        outputs = tf.matmul(tf.reshape(inputs, [-1, kernel.shape[2]]), kernel[0, 0])
        return tf.reshape(outputs, tf.concat([tf.shape(inputs)[:-1], [self.filters]], axis=0))

    def _initialize(self, outputs: tf.Tensor) -> None:
        mean, variance = global_moments(wide(outputs), [0, 1, 2])
        square = tf.square(positive_std(mean, variance))
        # As in the released code: no channel is scaled up by more than 10000.
        scale = self.init_scale * tf.math.rsqrt(square + 1e-8)
        scaled = self.gain if self.weight_norm else self.kernel
        set_once(self.initialized, [(scaled, wide(scaled) * scale), (self.bias, -mean * scale)])
