"""A surface through four images."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.latents.checks import check_events, check_flow, check_one_context
from tfp_flows.latents.vectors import from_vector, to_vector
from tfp_flows.ops.arguments import check_int
from tfp_flows.typing import Distribution


def manifold(flow: Distribution, corners: Any, num: int = 8, *, context: Any = None) -> tf.Tensor:
    """Events on RealNVP's manifold of four examples, a grid with them in its corners.

    With the latents `z1 .. z4` of the examples and two angles in [0, pi/2],
    `z = cos(phi) (cos(phi') z1 + sin(phi') z2) + sin(phi) (cos(phi') z3 + sin(phi') z4)`.

    Dinh et al. 2017, https://arxiv.org/abs/1605.08803, section 4.

    Args:
      flow: a `tfd.TransformedDistribution`.
      corners: events `[4, *event]`: top left, top right, bottom left, bottom right.
      num: number of rows and of columns, at least 2.
      context: for flows that take one: one for all events, `[*context]`.

    Returns:
      Events `[num, num, *event]`; rows are values of phi, columns of phi'.

    Raises:
      TypeError: if `flow` is no transformed distribution, or corners are not floating.
      ValueError: if corners are not finite or of another shape, if `num` is less than 2, or if
        there are several contexts.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> latents.manifold(flow, tf.eye(4)[:, :2], num=3).shape
      TensorShape([3, 3, 2])
    """
    check_flow(flow)
    check_one_context(flow, context)
    num = check_int("num", num, 2)
    corners = check_events("corners", corners, flow)
    wanted = (4, *flow.event_shape)
    if not corners.shape.is_compatible_with(wanted):
        raise ValueError(f"`corners` must have shape {wanted}; got {tuple(corners.shape)}.")
    vectors = tf.ensure_shape(to_vector(flow, corners, context), [4, None])
    weights = tf.constant(_weights(num), vectors.dtype)
    return from_vector(flow, tf.tensordot(weights, vectors, axes=1), context)


def _weights(num: int) -> np.ndarray:
    """The weights of the corners at each point of the grid, `[num, num, 4]`."""
    angles = np.linspace(0.0, np.pi / 2, num)
    pair = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    # The cosine of pi/2, rounded, is not 0: the corners would not be the corners exactly.
    pair[-1] = [0.0, 1.0]
    return np.einsum("ia,jb->ijab", pair, pair).reshape(num, num, 4)
