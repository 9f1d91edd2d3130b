"""distrax."""

import functools

import distrax
import jax
import sizes

from adapters import Measured, jax_calls
from adapters.jax_calls import measured, mlp, mlp_parameters, vectors

PACKAGES = (*jax_calls.PACKAGES, "distrax")


def tabular() -> Measured:
    """`SplitCoupling` of `ScalarAffine`."""
    at = sizes.TABULAR
    networks = [mlp_parameters(key) for key in jax.random.split(jax.random.key(2), at.couplings)]

    def affine(raw: jax.Array) -> distrax.Bijector:
        shift, log_scale = jax.numpy.split(raw, 2, axis=-1)
        return distrax.ScalarAffine(shift, log_scale=2 * jax.numpy.tanh(log_scale / 2))

    def flow(networks: list) -> distrax.Transformed:
        links = [
            distrax.SplitCoupling(
                at.half, 1, functools.partial(mlp, parameters), affine, swap=i % 2 == 1
            )
            for i, parameters in enumerate(networks)
        ]
        zeros = jax.numpy.zeros(at.size)
        return distrax.Transformed(distrax.MultivariateNormalDiag(zeros), distrax.Chain(links))

    return measured(
        lambda networks, x: flow(networks).log_prob(x),
        lambda networks, key: flow(networks).sample(seed=key, sample_shape=(at.batch,)),
        networks,
        vectors(),
    )
