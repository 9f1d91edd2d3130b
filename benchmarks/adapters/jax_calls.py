"""What the rows of JAX share: everything jitted, optax's Adam."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
import sizes

from adapters import Measured

PACKAGES = ("jax", "optax")


def measured(log_prob: Callable, sample: Callable, parameters: Any, x: jax.Array) -> Measured:
    """A density `log_prob(parameters, x)` and samples `sample(parameters, key)`, on one batch."""
    optimizer = optax.adam(sizes.LEARNING_RATE)
    count = sum(leaf.size for leaf in jax.tree.leaves(parameters))

    def step(parameters: Any, state: Any, x: jax.Array) -> tuple:
        def loss(parameters: Any) -> jax.Array:
            return -log_prob(parameters, x).mean()

        value, gradients = jax.value_and_grad(loss)(parameters)
        updates, state = optimizer.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), state, value

    step, density, draw = jax.jit(step, donate_argnums=(0, 1)), jax.jit(log_prob), jax.jit(sample)
    trained = [parameters, optimizer.init(parameters)]
    keys = [jax.random.key(1)]

    def train() -> np.ndarray:
        *trained[:], value = jax.block_until_ready(step(*trained, x))
        return np.asarray(value)

    def sampled() -> np.ndarray:
        keys[:] = jax.random.split(keys[0], 1)
        return np.asarray(draw(trained[0], keys[0]))

    calls = {
        "train": train,
        "log_prob": lambda: np.asarray(density(trained[0], x)),
        "sample": sampled,
    }
    return Measured(count, calls)


def vectors() -> jax.Array:
    """Normal noise."""
    return jax.random.normal(jax.random.key(0), (sizes.TABULAR.batch, sizes.TABULAR.size))


def mlp_parameters(key: jax.Array) -> list:
    """The network of a tabular coupling: kernels and biases."""
    at = sizes.TABULAR
    widths = (at.half, *at.hidden, at.size)
    make = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, len(widths) - 1)
    return [
        (make(key, shape), jax.numpy.zeros(shape[1]))
        for key, shape in zip(keys, itertools.pairwise(widths), strict=True)
    ]


def mlp(parameters: list, x: jax.Array) -> jax.Array:
    """What it puts out."""
    *hidden, (kernel, bias) = parameters
    for inner, offset in hidden:
        x = jax.nn.relu(x @ inner + offset)
    return x @ kernel + bias
