"""The convolution of Glow's released code."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.nets.backend import wide
from tfp_flows.nets.checks import check_bool, check_number, check_odd
from tfp_flows.nets.edge import edge_outputs, image_sizes
from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.moments import global_moments, positive_std
from tfp_flows.phases import is_initializing, set_once
from tfp_flows.typing import TensorPair


@keras.saving.register_keras_serializable(package="tfp_flows")
class ScaledConv2D(keras.layers.Layer):
    """y = (x * W + b) * exp(factor * log_scale), with a b and a log_scale for each channel.

    Channels are last and the padding is "same". Kingma & Dhariwal 2018,
    https://arxiv.org/abs/1807.03039, have it in two kinds: with zero weights at the end of a net,
    and inside of it with b and log_scale set by the first batch (`data_init`), in
    `phases.initializing()`, so that y has mean 0 and standard deviation 1. Channels which are
    constant keep their scale, and the saved variable `initialized` tells that it was done.

    Args:
      filters: Number of output channels.
      kernel_size: Height and width of the kernel, an odd number.
      edge: Whether the kernel sees where the image ends: x gets one more channel, which is 1 in
        the padding and 0 inside. Kernels of size 1 have no padding and no such channel.
      data_init: Whether a first batch sets b and log_scale.
      kernel_initializer: Keras initializer; None for a standard deviation of 0.05 with
        `data_init`, and for zeros without.
      log_scale_factor: A number above 1 makes the scale learn faster.
      dtype: Keras dtype or policy; None for the global policy.

    Raises:
      TypeError: If an argument has the wrong type.
      ValueError: If an argument has a bad value.

    Example:
      >>> ScaledConv2D(3, kernel_size=3, edge=True)(keras.ops.ones([2, 8, 8, 1])).shape
      TensorShape([2, 8, 8, 3])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        edge: bool = False,
        data_init: bool = False,
        kernel_initializer: Any = None,
        log_scale_factor: float = 3.0,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.filters = check_int("filters", filters, 1)
        check_odd("kernel_size", kernel_size)
        check_bool("edge", edge)
        check_bool("data_init", data_init)
        check_number("log_scale_factor", log_scale_factor, positive=True)
        if kernel_initializer is None:
            kernel_initializer = keras.initializers.RandomNormal() if data_init else "zeros"
        self.kernel_size = kernel_size
        self.edge = edge
        self.data_init = data_init
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.log_scale_factor = log_scale_factor

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, C]`."""
        size, self.channels = self.kernel_size, input_shape[-1]
        self.has_edge = self.edge and size > 1
        shape = (size, size, self.channels + self.has_edge, self.filters)
        # Without autocast the variables are multiplied unrounded under a mixed policy.
        self.kernel = self.add_weight(
            name="kernel", shape=shape, initializer=self.kernel_initializer, autocast=False
        )
        # Replicas agree on what they assign; a strategy wants to be told how to aggregate it.
        each = {"shape": shape[-1:], "initializer": "zeros", "aggregation": "mean"}
        self.bias = self.add_weight(name="bias", autocast=False, **each)
        self.log_scale = self.add_weight(name="log_scale", autocast=False, **each)
        if self.data_init:
            self.initialized = self.add_weight(
                name="initialized",
                initializer="zeros",
                dtype="bool",
                trainable=False,
                aggregation="only_first_replica",
            )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Outputs `[N, H, W, filters]` of inputs `[N, H, W, C]`."""
        if self.data_init and is_initializing():
            kernel = wide(self.kernel)
            self._initialize(self._convolve(inputs, kernel, tf.zeros_like(kernel[0, 0, 0])))
        return self._convolve(inputs, *self._weights())

    def of_zeros(self, height: int, width: int) -> tf.Tensor:
        """Outputs `[1, height, width, filters]` for an image of zeros, with less work."""
        if self.has_edge:
            kernel, bias = self._weights()
            return self._edge(height, width, kernel[:, :, self.channels :], bias)
        return self(tf.zeros([1, height, width, self.channels], self.compute_dtype))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[N, H, W, filters]` for inputs `[N, H, W, C]`."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the layer again."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "edge": self.edge,
            "data_init": self.data_init,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "log_scale_factor": self.log_scale_factor,
        }

    def _weights(self) -> TensorPair:
        """Kernel and bias of a plain convolution: no pass over the outputs scales them."""
        scale = tf.exp(self.log_scale_factor * wide(self.log_scale))
        return wide(self.kernel) * scale, wide(self.bias) * scale

    def _convolve(self, inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        if not self.has_edge:
            outputs = _same_conv(inputs, kernel)
            return tf.nn.bias_add(outputs, tf.cast(bias, outputs.dtype))
        inner, edge = tf.split(kernel, [self.channels, 1], axis=2)
        return _same_conv(inputs, inner) + self._edge(*image_sizes(inputs), edge, bias)

    def _edge(self, height: Any, width: Any, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        return tf.cast(edge_outputs(height, width, kernel) + bias, self.compute_dtype)

    def _initialize(self, outputs: tf.Tensor) -> None:
        mean, variance = global_moments(wide(outputs), [0, 1, 2])
        std = positive_std(mean, variance)
        # Constant channels are those whose std is said to be 1.
        log_scale = tf.where(std == 1.0, tf.zeros_like(std), -tf.math.log(std + 1e-6))
        log_scale = log_scale / self.log_scale_factor
        set_once(self.initialized, [(self.bias, -mean), (self.log_scale, log_scale)])


def _same_conv(inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(inputs, tf.cast(kernel, inputs.dtype), strides=1, padding="SAME")
