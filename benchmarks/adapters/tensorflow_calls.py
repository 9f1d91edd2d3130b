"""What the rows of TensorFlow share: `tf.function`, Keras's Adam."""

from collections.abc import Callable

import keras
import numpy as np
import sizes
import tensorflow as tf

from adapters import Measured

PACKAGES = ("tensorflow", "tensorflow-probability", "keras", "tfp_flows")


def measured(log_prob: Callable, sample: Callable, variables: list, x: tf.Tensor) -> Measured:
    """A density, its samples and what it trains, on one batch."""
    optimizer = keras.optimizers.Adam(sizes.LEARNING_RATE)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def train(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_prob(x))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    density = tf.function(log_prob, autograph=False)
    draw = tf.function(sample, autograph=False)
    calls = {
        "train": lambda: train(x).numpy(),
        "log_prob": lambda: density(x).numpy(),
        "sample": lambda: draw().numpy(),
    }
    return Measured(sum(int(np.prod(v.shape)) for v in variables), calls)


def measured_flow(flow: object, x: tf.Tensor) -> Measured:
    """The same of a `tfd.TransformedDistribution`."""
    batch = x.shape[0]
    return measured(flow.log_prob, lambda: flow.sample(batch), list(flow.trainable_variables), x)


def vectors(batch: int, size: int) -> tf.Tensor:
    """Normal noise."""
    return tf.random.stateless_normal([batch, size], seed=[0, 1])


def images(batch: int, size: int) -> tf.Tensor:
    """Uniform noise."""
    return tf.random.stateless_uniform([batch, size, size, 3], seed=[0, 1])


def mlp(inputs: int, hidden: tuple, outputs: int) -> keras.Model:
    """The network of a tabular coupling."""
    layers = [keras.layers.Dense(width, "relu") for width in hidden]
    return keras.Sequential([keras.layers.Input((inputs,)), *layers, keras.layers.Dense(outputs)])


def cnn(inputs: tuple, filters: int, outputs: int) -> keras.Model:
    """The network of a step of Glow, as `tfb.Glow` has it."""
    return keras.Sequential(
        [
            keras.layers.Input(inputs),
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(filters, 1, activation="relu"),
            keras.layers.Conv2D(outputs, 3, padding="same"),
        ]
    )
