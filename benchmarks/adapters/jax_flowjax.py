"""flowjax."""

from typing import Any

import equinox
import jax
import paramax
import sizes
from flowjax import distributions, flows

from adapters import Measured, jax_calls
from adapters.jax_calls import measured, vectors

PACKAGES = (*jax_calls.PACKAGES, "flowjax")


def tabular() -> Measured:
    """`flows.coupling_flow`, with its own affine transformer."""
    at = sizes.TABULAR
    width, _ = at.hidden
    flow = flows.coupling_flow(
        jax.random.key(2),
        base_dist=paramax.non_trainable(distributions.Normal(jax.numpy.zeros(at.size))),
        flow_layers=at.couplings,
        nn_width=width,
        nn_depth=len(at.hidden),
    )
    trained, fixed = equinox.partition(
        flow,
        equinox.is_inexact_array,
        is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable),
    )

    def log_prob(trained: Any, x: jax.Array) -> jax.Array:
        return equinox.combine(trained, fixed).log_prob(x)

    def sample(trained: Any, key: jax.Array) -> jax.Array:
        return equinox.combine(trained, fixed).sample(key, (at.batch,))

    return measured(log_prob, sample, trained, vectors())
