"""Partitions: every kind, on events of every shape, bit by bit."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from strategies import ALL_FLOATS, batch_shapes, event_shapes, fuzz, numbers

from tfp_flows import partitions as p

PARITY = st.sampled_from([0, 1])
RANK = st.integers(1, 3)


@st.composite
def masks(draw):
    shape = draw(event_shapes(largest=4).filter(lambda shape: math.prod(shape) > 1))
    kept = np.zeros(math.prod(shape), bool)
    kept[: draw(st.integers(1, len(kept) - 1))] = True
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(kept))
    return p.Mask(kept[order].reshape(shape), parity=draw(PARITY))


PARTITIONS = st.one_of(
    st.builds(p.Halves, parity=PARITY, event_ndims=RANK, equal=st.booleans()),
    st.builds(p.Alternating, parity=PARITY, event_ndims=RANK),
    st.builds(p.Leading, size=st.integers(1, 5), parity=PARITY, event_ndims=RANK),
    st.builds(p.Checkerboard, parity=PARITY, packed=st.booleans()),
    st.builds(p.Stripes, parity=PARITY, direction=st.sampled_from(["vertical", "horizontal"])),
    masks(),
)


def bits(tensor):
    return np.ascontiguousarray(tensor).tobytes()


def can_split(partition, shape):
    """What the docstrings say, in other words."""
    if isinstance(partition, p.Mask):
        return shape == partition.kept.shape
    if len(shape) != partition.event_ndims:
        return False
    last = shape[-1]
    if isinstance(partition, p.Checkerboard):
        return shape[0] * shape[1] > 1 and not (partition.packed and shape[1] % 2)
    if isinstance(partition, p.Stripes):
        return shape[1 if partition.direction == "vertical" else 0] % 2 == 0
    if isinstance(partition, p.Leading):
        return last > partition.size
    return last > 1 and not (getattr(partition, "equal", False) and last % 2)


@st.composite
def splits(draw):
    """A partition and an event shape, which mostly fit."""
    partition = draw(PARTITIONS)
    if isinstance(partition, p.Mask) and draw(st.integers(0, 9)):
        return partition, partition.kept.shape
    rank = partition.event_ndims if draw(st.integers(0, 9)) else draw(RANK)
    return partition, draw(event_shapes(rank, rank))


@fuzz(4, drawn=splits(), batch=batch_shapes(2), numbers=numbers(ALL_FLOATS))
def test_merge_undoes_split(drawn, batch, numbers):
    partition, shape = drawn
    if not can_split(partition, shape):
        with pytest.raises(ValueError, match="got"):
            partition.part_shapes(shape)
        return
    values = numbers.numpy((*batch, *shape))
    values[numbers.numpy(values.shape) > 1] = [np.nan, np.inf, -np.inf][numbers.seed % 3]
    x = tf.constant(values, numbers.dtype)
    parts = kept, moved = partition.split(x)
    for part, wanted in zip(parts, partition.part_shapes(shape), strict=True):
        assert tuple(part.shape) == (*batch, *wanted)
        assert part.dtype == x.dtype
    merged = partition.merge(*parts)
    assert merged.shape == x.shape
    assert bits(merged) == bits(x)
    # The other parity keeps what this one moves.
    assert [bits(part) for part in partition.flipped().split(x)] == [bits(moved), bits(kept)]


@fuzz(2, drawn=splits(), batch=batch_shapes(2))
def test_sum_counts_each_moved_entry_once(drawn, batch):
    partition, shape = drawn
    if not can_split(partition, shape):
        return
    counts = []
    for each in (partition, partition.flipped()):
        moved = each.split(tf.ones([*batch, *shape]))[1]
        # Where parts are in place, what stands where an entry is kept does not count.
        counts.append(each.sum(tf.where(moved == 1.0, 1.0, np.nan)))
    assert counts[0].shape == batch
    np.testing.assert_array_equal(sum(counts), np.full(batch, math.prod(shape)))
