"""Errors say what was wanted and what came."""

import re

import numpy as np
import pytest

from tfp_flows.partitions import Alternating, Checkerboard, Halves, Mask, Partition, Stripes


@pytest.mark.parametrize("make", [Halves, Alternating, Checkerboard, Stripes])
@pytest.mark.parametrize("parity", [2, -1, 0.5, None, "even", True, np.zeros(2)], ids=str)
def test_parity_is_zero_or_one(make, parity):
    wanted = f"`parity` must be an integer in 0..1; got {re.escape(repr(parity))}"
    with pytest.raises((TypeError, ValueError), match=wanted):
        make(parity=parity)


def test_parity_of_a_mask_is_zero_or_one():
    with pytest.raises(ValueError, match=r"`parity` must be an integer in 0..1; got 2"):
        Mask([True, False], parity=2)


@pytest.mark.parametrize("make", [Halves, Alternating])
def test_events_have_a_rank(make):
    with pytest.raises(ValueError, match="`event_ndims` must be an integer of at least 1; got 0"):
        make(event_ndims=0)
    with pytest.raises(TypeError, match="`event_ndims` must be an integer of at least 1; got None"):
        make(event_ndims=None)


@pytest.mark.parametrize("direction", ["diagonal", np.zeros(2)], ids=str)
def test_direction_is_one_of_two(direction):
    wanted = f"'vertical' or 'horizontal'; got {re.escape(repr(direction))}"
    with pytest.raises(ValueError, match=wanted):
        Stripes(direction=direction)


@pytest.mark.parametrize(
    ("partition", "shape", "rank"),
    [
        (Halves(), (4, 4), 1),
        (Halves(event_ndims=3), (4,), 3),
        (Alternating(), (), 1),
        (Checkerboard(), (4, 4), 3),
        (Stripes(), (4,), 3),
    ],
    ids=str,
)
def test_the_rank_must_be_that_of_the_partition(partition, shape, rank):
    with pytest.raises(
        ValueError, match=f"must have rank {rank} for .*got .* of rank {len(shape)}"
    ):
        partition.part_shapes(shape)


@pytest.mark.parametrize(
    ("partition", "shape"),
    [
        (Halves(), (1,)),
        (Halves(event_ndims=3), (4, 4, 1)),
        (Alternating(), (1,)),
        (Checkerboard(), (1, 1, 3)),
        (Checkerboard(packed=True), (1, 1, 3)),
        (Stripes(), (4, 1, 3)),
        (Stripes(direction="horizontal"), (1, 4, 3)),
    ],
    ids=str,
)
def test_one_part_must_be_kept_and_one_must_move(partition, shape):
    with pytest.raises(ValueError, match=r"at least 2 .*got 1 .*Elementwise"):
        partition.part_shapes(shape)


@pytest.mark.parametrize(
    ("partition", "shape", "what"),
    [
        (Halves(equal=True), (5,), "5"),
        (Checkerboard(packed=True), (4, 5, 1), "5"),
        (Checkerboard(packed=True), (2, 1, 1), "1"),
        (Stripes(), (4, 3, 1), "3"),
        (Stripes(direction="horizontal"), (7, 4, 1), "7"),
    ],
    ids=str,
)
def test_equal_parts_need_an_even_size(partition, shape, what):
    with pytest.raises(ValueError, match=f"needs an even number of .*got {what} in `event_shape`"):
        partition.part_shapes(shape)


@pytest.mark.parametrize("kept", [[True, True], [False, False, False], True])
def test_a_mask_keeps_something_and_moves_something(kept):
    with pytest.raises(ValueError, match=r"at least one `True` and one `False`; got \d `True`"):
        Mask(kept)


@pytest.mark.parametrize("kept", [[0, 1], [0.0, 1.0], np.array(["a", "b"])])
def test_a_mask_is_boolean(kept):
    with pytest.raises(TypeError, match="must be a boolean array; got dtype"):
        Mask(kept)


def test_a_mask_fits_its_event():
    with pytest.raises(ValueError, match=r"that of the mask, \(2,\); got \(3,\)"):
        Mask([True, False]).part_shapes((3,))


def test_the_base_class_makes_nothing():
    with pytest.raises(TypeError, match="abstract"):
        Partition()
