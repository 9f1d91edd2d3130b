"""Bits per dimension, defined once."""

import math

import tensorflow as tf


def bits_per_dim(nll: tf.Tensor, event_size: int, bin_width: float = 1.0) -> tf.Tensor:
    """`(nll / event_size - log(bin_width)) / log(2)`.

    The cross-entropy, in bits for each of the `event_size` numbers of an event, of the *discrete*
    data whose levels lie `bin_width` apart where the density lives. A density that is uniform on
    the box of the data gets exactly the number of bits of the data, however the data are scaled.

    Args:
      nll: negative log-density in nats, one number an event.
      event_size: numbers in one event, for example `32 * 32 * 3`.
      bin_width: distance of neighbouring levels in the space of the density: `1/256` for 8-bit
        pixels on [0, 1), `2/256` on [-1, 1), 1 for unscaled integers or continuous data.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.ops.bits import bits_per_dim
      >>> float(bits_per_dim(tf.constant(0.0), 784, bin_width=1 / 256))
      8.0
    """
    return (nll / event_size - math.log(bin_width)) / math.log(2.0)
