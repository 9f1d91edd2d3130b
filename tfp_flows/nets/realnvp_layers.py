"""The layers of the network in the couplings of RealNVP, as its released code has them."""

import math

import keras
import tensorflow as tf

from tfp_flows.nets.edge import image_sizes
from tfp_flows.nets.weight_norm_conv import WeightNormConv2D


def both_signs(x: tf.Tensor, checkerboard: int | None) -> tf.Tensor:
    """What the first layer gets: relu of `[x, -x]`, for checkerboards of `[2x, -2x, board]`.

    Args:
      x: Normalized images `[N, H, W, C]`.
      checkerboard: What `(row + column) % 2` is where a pixel is kept, and the board 1; or None.

    Example:
      >>> both_signs(tf.constant([[[[-1.0], [3.0]]]]), checkerboard=1)[0, 0].numpy()
      array([[0., 2., 0.],
             [6., 0., 1.]], dtype=float32)
    """
    if checkerboard is None:
        return keras.ops.relu(tf.concat([x, -x], axis=-1))
    x = 2.0 * x  # Half of the pixels are 0.
    height, width = image_sizes(x)
    squares = (tf.range(height)[:, tf.newaxis] + tf.range(width)) % 2
    kept = tf.cast(squares == checkerboard, x.dtype)[..., tf.newaxis]
    board = tf.broadcast_to(kept, [tf.shape(x)[0], height, width, 1])
    return keras.ops.relu(tf.concat([x, -x, board], axis=-1))


def batch_norm(dtype: keras.DTypePolicy) -> keras.layers.Layer:
    """A batch normalization that learns no scale: the convolution after it has its own."""
    return keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-4, scale=False, synchronized=True, dtype=dtype
    )


def direction_conv(
    channels: int, filters: int, dtype: keras.DTypePolicy, *, use_bias: bool = True
) -> WeightNormConv2D:
    """A 3x3 convolution with kernels of length 1: batch normalization follows."""
    return WeightNormConv2D(
        filters,
        3,
        dtype=dtype,
        use_bias=use_bias,
        use_gain=False,
        kernel_initializer=_uniform(channels),
    )


def gained_conv(
    channels: int, filters: int, kernel_size: int, dtype: keras.DTypePolicy, *, penalty: float
) -> WeightNormConv2D:
    """A convolution with kernels of learned length, `penalty` times whose square is a loss."""
    fan_in = channels * kernel_size**2
    # Half of the length that the direction has on average: the released code starts there.
    gain = math.sqrt(2 / channels) * math.sqrt(fan_in / 12)
    return WeightNormConv2D(
        filters,
        kernel_size,
        dtype=dtype,
        kernel_initializer=_uniform(channels),
        gain_initializer=keras.initializers.Constant(gain),
        gain_regularizer=regularizer(penalty),
    )


def regularizer(penalty: float) -> keras.regularizers.Regularizer | None:
    """`penalty` times the sum of squares."""
    return keras.regularizers.L2(penalty) if penalty else None


class RealNVPBlock(keras.layers.Layer):
    """y = x + conv(relu(bn(conv(relu(bn(x))) + shift(context)))), with 3x3 convolutions.

    Args:
      filters: Channels of x and y.
      context_channels: Channels of the context; None for no context.
      penalty: On the squares of the gains.
      dtype: Keras dtype policy.
    """

    def __init__(
        self,
        filters: int,
        context_channels: int | None,
        penalty: float,
        dtype: keras.DTypePolicy,
    ) -> None:
        super().__init__(dtype=dtype)
        self.filters = filters
        self.context_channels = context_channels
        self.norms = (batch_norm(dtype), batch_norm(dtype))
        self.first = direction_conv(filters, filters, dtype, use_bias=False)
        self.second = gained_conv(filters, filters, 3, dtype, penalty=penalty)
        # Without a bias: batch normalization takes the mean off.
        self.shift = (
            None
            if context_channels is None
            else keras.layers.Conv2D(
                filters, 1, use_bias=False, data_format="channels_last", dtype=dtype
            )
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Variables for inputs `[N, H, W, filters]`."""
        for layer in [*self.norms, self.first, self.second]:
            layer.build(input_shape)
        if self.shift is not None:
            self.shift.build((None, None, None, self.context_channels))

    def call(self, x: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """`[N, H, W, filters]` of the same, and context `[N, H or 1, W or 1, Dc]`."""
        y = self.first(keras.ops.relu(self.norms[0](x)))
        if self.shift is not None:
            # Not keras.ops.add: it takes a [N, 1, 1, 1] for a bias if N happens to be H.
            y = y + self.shift(context)
        return x + self.second(keras.ops.relu(self.norms[1](y)))


def _uniform(channels: int) -> keras.initializers.Initializer:
    """Only the direction counts, but how fast it turns depends on the length."""
    stddev = math.sqrt(2 / channels)
    return keras.initializers.RandomUniform(-stddev, stddev)
