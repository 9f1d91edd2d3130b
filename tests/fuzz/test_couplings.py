"""Couplings and elementwise layers: all partitions with all transforms."""

import numpy as np
import tensorflow as tf
from hypothesis import assume, strategies as st
from strategies import Numbers, as_float64, event_shapes, fuzz
from test_partitions import can_split, splits

from tfp_flows import bijectors, transforms as t

SEEDS = st.integers(0, 2**32 - 1)
FEW = st.sampled_from([(), (1,), (5,), (2, 3), (0,)])


TAME = st.sampled_from(
    [
        t.Additive(),
        t.Affine(),
        t.Affine(t.TanhScale(0.3)),
        t.Affine(t.SigmoidScale()),
        t.Affine(t.ExpScale()),
        t.Scale(t.ExpScale(3.0)),
    ]
)


class Fixed(tf.Module):
    """A network that sees its input, and puts out numbers of the right shape."""

    def __init__(self, moved_shape, num_params, draw):
        super().__init__()
        *leading, size = moved_shape
        self._raw = draw(1, *leading, num_params * size)

    def __call__(self, kept):
        total = tf.reduce_sum(kept, axis=range(1, kept.shape.rank))
        total = tf.reshape(total, [-1] + [1] * (self._raw.shape.rank - 1))
        return self._raw * tf.cos(tf.cast(total, self._raw.dtype))


def check(layer, x, draw):
    """Shapes, finite values, round trip, and log-dets that negate each other."""
    z, log_det = layer.inverse_and_log_det(x)
    back, back_log_det = layer.forward_and_log_det(z)
    ndims = layer.forward_min_event_ndims
    batch = x.shape[: x.shape.rank - ndims]
    assert z.shape == x.shape
    assert tf.broadcast_static_shape(log_det.shape, batch) == batch
    value, latent, back, *log_dets = as_float64(x, z, back, log_det, back_log_det)
    assert np.all(np.isfinite(latent))
    # Each operation rounds once, and normal numbers shift by less than 6.
    assert np.all(np.abs(back - value) <= 8 * draw.eps * (np.abs(value) + 12))
    np.testing.assert_array_equal(log_dets[0], -log_dets[1])


@fuzz(1, drawn=splits(), transform=TAME, batch=FEW, seed=SEEDS)
def test_coupling(drawn, transform, batch, seed):
    partition, shape = drawn
    assume(can_split(partition, shape))
    draw = Numbers("float32", seed, ["plain"])
    net = Fixed(partition.part_shapes(shape)[1], transform.num_params, draw)
    layer = bijectors.Coupling(partition, transform, net, event_shape=shape)
    check(layer, draw(*batch, *shape), draw)


@fuzz(1, shape=event_shapes(), transform=TAME, batch=FEW, seed=SEEDS, dtype=st.booleans())
def test_elementwise(shape, transform, batch, seed, dtype):
    draw = Numbers("float64" if dtype else "float32", seed, ["plain"])
    layer = bijectors.Elementwise(transform, shape, dtype=draw.dtype)
    layer.trainable_variables[0].assign(draw(*layer.trainable_variables[0].shape))
    check(layer, draw(*batch, *shape), draw)
