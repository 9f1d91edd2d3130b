"""The bare networks of JAX, chained, as `tensorflow_bare` has them."""

import jax
import sizes

from adapters import Measured
from adapters.jax_calls import PACKAGES, measured, mlp, mlp_parameters, vectors

__all__ = ["PACKAGES", "tabular"]


def tabular() -> Measured:
    """MLPs, each of which puts out the halves of the next."""
    at = sizes.TABULAR
    networks = [mlp_parameters(key) for key in jax.random.split(jax.random.key(2), at.couplings)]

    def chained(networks: list, x: jax.Array) -> jax.Array:
        x = x[:, : at.half]
        for parameters in networks:
            x = mlp(parameters, x)[:, : at.half]
        return x.sum(-1)

    def sample(networks: list, key: jax.Array) -> jax.Array:
        return chained(networks, jax.random.normal(key, (at.batch, at.size)))

    return measured(chained, sample, networks, vectors())
