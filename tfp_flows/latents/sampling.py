"""Draws from the base: of all levels at a temperature, or of some levels only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.latents.checks import check_events, check_flow, check_numbers
from tfp_flows.latents.vectors import flatten, from_vector, level_sizes, to_vector
from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.seeds import stateless_seed
from tfp_flows.typing import Distribution


def sample(
    flow: Distribution,
    n: int,
    *,
    temperature: float | Sequence[float] = 1.0,
    seed: Any = None,
    context: Any = None,
) -> tf.Tensor:
    """`n` samples, `[n, *event]`, from latents of the base times the temperature.

    Temperature 1 is `flow.sample`; less gives smoother, more typical images (Glow, section 6,
    https://arxiv.org/abs/1807.03039).

    Args:
      flow: a `tfd.TransformedDistribution` whose base is centred on zero.
      n: how many.
      temperature: a number, or one for each level; at least 0.
      seed: an integer or a pair of integers, or `None` for new draws.
      context: for flows that take one: one for all, `[*context]`, or `[n, *context]`.

    Raises:
      TypeError: if `flow` is no transformed distribution, or for what is no number.
      ValueError: if a number is out of range, or if temperatures are not one for each level.

    Example:
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> latents.sample(flow, 3, temperature=0.7, seed=0).shape
      TensorShape([3, 2])
    """
    check_flow(flow)
    scale = _scale(flow, temperature)
    return from_vector(flow, draw(flow, [check_int("n", n, 0)], scale, seed), context)


def resample(
    flow: Distribution,
    x: Any,
    level: int | Sequence[int],
    n: int,
    *,
    temperature: float | Sequence[float] = 1.0,
    seed: Any = None,
    context: Any = None,
) -> tf.Tensor:
    """`x` with the latents of some levels drawn anew, `n` times: shows what these levels hold.

    Args:
      flow: a `tfd.TransformedDistribution`.
      x: events `[..., *event]`.
      level: whose latents are replaced: an index, or several; 0 is what leaves first.
      n: how many times.
      temperature: of the draws: a number, or one for each level of the flow; at least 0.
      seed: an integer or a pair of integers, or `None` for new draws.
      context: for flows that take one, `[..., *context]`.

    Returns:
      Events `[n, ..., *event]`.

    Raises:
      TypeError: if `flow` is no transformed distribution, `x` not floating, or for what is no
        number.
      ValueError: if `x` is not finite or has another shape, if there is no such level, or if a
        number is out of range.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> latents.resample(flow, tf.zeros([5, 2]), level=0, n=3, seed=0).shape
      TensorShape([3, 5, 2])
    """
    check_flow(flow)
    replaced = _replaced(flow, level)
    n = check_int("n", n, 0)
    vector = to_vector(flow, check_events("x", x, flow), context)
    draws = draw(
        flow, tf.concat([[n], tf.shape(vector)[:-1]], axis=0), _scale(flow, temperature), seed
    )
    return from_vector(flow, tf.where(replaced, draws, vector), context)


def draw(flow: Distribution, sample_shape: Any, temperature: Any, seed: Any) -> tf.Tensor:
    """Vectors `[*sample_shape, D]` of the base, at a temperature: a scalar, or numbers `[D]`."""
    base = flow.distribution
    vector = flatten(flow, base.sample(sample_shape, seed=stateless_seed(seed)))
    return vector * tf.cast(temperature, base.dtype)


def _scale(flow: Distribution, temperature: Any) -> np.ndarray:
    """The temperature of each number of the flat vector, `[D]`."""
    sizes = level_sizes(flow)
    values = check_numbers("temperature", temperature)
    if values.shape not in ((), (len(sizes),)):
        raise ValueError(
            f"`temperature` must be a number or one for each of {len(sizes)} levels; got "
            f"{temperature!r}."
        )
    if np.any(values < 0):
        raise ValueError(f"`temperature` must be at least 0; got {temperature!r}.")
    return np.repeat(np.broadcast_to(values, len(sizes)), sizes)


def _replaced(flow: Distribution, level: Any) -> np.ndarray:
    """Which numbers of the flat vector belong to the given levels, `[D]`."""
    sizes = level_sizes(flow)
    levels = level if isinstance(level, list | tuple) else [level]
    if not levels:
        raise ValueError("`level` must name at least one level; got none.")
    chosen = [check_int("level", index, 0, len(sizes) - 1) for index in levels]
    return np.repeat(np.isin(np.arange(len(sizes)), chosen), sizes)
