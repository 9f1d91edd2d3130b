"""The activation of Flow++'s networks."""

import tensorflow as tf


def concat_elu(x: tf.Tensor) -> tf.Tensor:
    """elu([x, -x]): twice the channels, `[..., 2C]` of `[..., C]`, and no value is lost.

    Shang et al. 2016, https://arxiv.org/abs/1603.05201, have it with relu.

    Example:
      >>> concat_elu(tf.constant([0.0, 2.0])).numpy().round(4)
      array([ 0.    ,  2.    , -0.    , -0.8647], dtype=float32)
    """
    return tf.nn.elu(tf.concat([x, -x], axis=-1))
