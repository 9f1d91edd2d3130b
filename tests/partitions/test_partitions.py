"""`merge(*split(x)) == x`, bit for bit, and the two parities move every entry once."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.partitions import Alternating, Checkerboard, Halves, Mask, Stripes

BOARD = np.random.default_rng(0).random((2, 3, 2)) < 0.5
CASES = [
    (Halves(), (5,)),
    (Halves(), (2,)),
    (Halves(event_ndims=3), (2, 3, 4)),
    (Alternating(), (5,)),
    (Alternating(), (6,)),
    (Alternating(), (2,)),
    (Alternating(event_ndims=2), (3, 5)),
    (Checkerboard(), (3, 5, 2)),
    (Checkerboard(), (1, 2, 1)),
    (Checkerboard(packed=True), (3, 4, 2)),
    (Checkerboard(packed=True), (1, 2, 1)),
    (Stripes(), (3, 4, 2)),
    (Stripes(direction="horizontal"), (4, 3, 2)),
    (Mask([True, False, True]), (3,)),
    (Mask(BOARD), (2, 3, 2)),
]
CASES += [(partition.flipped(), shape) for partition, shape in CASES]
IN_PLACE = (Checkerboard(), Mask(BOARD))


def case_name(case):
    partition, shape = case
    kind = "Mask" if isinstance(partition, Mask) else str(partition)
    return f"{kind}, parity {partition.parity}, {shape}"


@pytest.fixture(params=CASES, ids=case_name)
def case(request):
    return request.param


def numbered(shape):
    """Every entry different and none zero."""
    return tf.reshape(tf.range(1.0, 1 + np.prod(shape, dtype=np.float32)), shape)


def is_in_place(partition):
    return isinstance(partition, Mask) or partition == Checkerboard(parity=partition.parity)


@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (2, 1, 3), (0,), (2, 0)], ids=str)
def test_merge_undoes_split_at_every_batch_rank(case, batch):
    partition, shape = case
    x = numbered((*batch, *shape))
    kept, moved = partition.split(x)
    kept_shape, moved_shape = partition.part_shapes(shape)
    assert kept.shape == (*batch, *kept_shape)
    assert moved.shape == (*batch, *moved_shape)
    np.testing.assert_array_equal(partition.merge(kept, moved), x)


@pytest.mark.parametrize("batch", [(None,), (None, None), (2, None)], ids=str)
def test_merge_undoes_split_of_an_unknown_batch(case, batch):
    partition, shape = case

    @tf.function(input_signature=[tf.TensorSpec([*batch, *shape])])
    def there_and_back(x):
        parts = partition.split(x)
        for part, part_shape in zip(parts, partition.part_shapes(shape), strict=True):
            assert part.shape[len(batch) :] == part_shape
        merged = partition.merge(*parts)
        assert merged.shape[len(batch) :] == shape
        return merged, partition.sum(parts[1])

    x = numbered((*(size or 2 for size in batch), *shape))
    merged, total = there_and_back(x)
    np.testing.assert_array_equal(merged, x)
    np.testing.assert_allclose(total, partition.sum(partition.split(x)[1]))


def test_split_and_merge_change_no_bit(case):
    partition, shape = case
    bits = np.random.default_rng(1).integers(0, 2**32, size=(50, *shape), dtype=np.uint32)
    x = tf.bitcast(tf.constant(bits), tf.float32)
    merged = partition.merge(*partition.split(x))
    np.testing.assert_array_equal(tf.bitcast(merged, tf.uint32), bits)


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_stays_on_its_own_side(case, odd):
    partition, shape = case
    x = numbered(shape)
    kept, moved = partition.split(x)
    in_moved, in_kept = partition.merge(kept, odd * moved), partition.merge(odd * kept, moved)
    np.testing.assert_array_equal(partition.split(in_moved)[0], kept)
    np.testing.assert_array_equal(partition.split(in_kept)[1], moved)


def test_sum_counts_moved_entries_alone(case):
    partition, shape = case
    x = numbered((2, *shape))
    moved = partition.split(x)[1]
    np.testing.assert_allclose(
        partition.sum(moved), tf.reduce_sum(tf.reshape(moved, [2, -1]), axis=1)
    )
    # What a transform says of entries that are kept is no part of the log-det.
    everything = tf.ones_like(moved)
    wanted = np.sum(np.array(moved) != 0) / 2
    np.testing.assert_array_equal(partition.sum(everything), [wanted, wanted])
    if is_in_place(partition):
        poisoned = tf.where(moved == 0, np.inf, moved)
        np.testing.assert_array_equal(partition.sum(poisoned), partition.sum(moved))


def test_every_entry_is_kept_by_one_parity_and_moved_by_the_other(case):
    partition, shape = case
    x = numbered(shape)

    def entries(part):
        return sorted(entry for entry in np.ravel(part) if entry)

    kept, moved = map(entries, partition.split(x))
    other_kept, other_moved = map(entries, partition.flipped().split(x))
    assert kept
    assert moved
    assert sorted(kept + moved) == entries(x)
    assert other_kept == moved
    assert other_moved == kept


def test_the_flipped_partition_gives_the_same_parts_in_the_other_order(case):
    """What `bijectors.Chain` relies on, which splits once for couplings in a row."""
    partition, shape = case
    if not partition.is_disjoint(shape):
        pytest.skip("in place: the parts differ in their zeros")
    x = numbered((2, *shape))
    for part, other in zip(partition.split(x), partition.flipped().split(x)[::-1], strict=True):
        np.testing.assert_array_equal(part, other)


def test_parts_of_numpy_arrays_are_merged(case):
    partition, shape = case
    x = numbered((2, *shape)).numpy()
    np.testing.assert_array_equal(partition.merge(*partition.split(x)), x)


def test_flipping_twice_gives_the_same_partition(case):
    partition, _ = case
    assert partition.flipped() != partition
    assert partition.flipped().flipped() == partition
    assert partition.flipped().event_ndims == partition.event_ndims


def test_equal_partitions_have_equal_hashes(case):
    partition, _ = case
    twin = dataclasses.replace(partition)
    assert twin == partition
    assert hash(twin) == hash(partition)
    assert len({twin, partition, partition.flipped()}) == 2


def test_repr_names_class_and_parity(case):
    partition, _ = case
    assert repr(partition).startswith(type(partition).__name__ + "(")
    assert f"parity={partition.parity}" in repr(partition)


@pytest.mark.parametrize("dtype", [tf.float64, tf.float16, tf.bfloat16], ids=lambda d: d.name)
def test_parts_have_the_dtype_of_the_event(case, dtype):
    partition, shape = case
    x = tf.cast(numbered(shape), dtype)
    kept, moved = partition.split(x)
    assert {kept.dtype, moved.dtype, partition.merge(kept, moved).dtype} == {dtype}
    assert partition.sum(moved).dtype == dtype


def test_gradients_pass_through_and_stop_where_they_should(case):
    partition, shape = case
    x = numbered(shape)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        kept, moved = partition.split(x)
        total = tf.reduce_sum(partition.merge(kept, 3 * moved))
        kept_total = tf.reduce_sum(kept)
    np.testing.assert_array_equal(np.unique(tape.gradient(total, x)), [1, 3])
    np.testing.assert_array_equal(np.unique(tape.gradient(kept_total, x)), [0, 1])


@pytest.mark.parametrize("parity", [0, 1])
def test_checkerboard_in_place_is_the_mask_of_its_board(parity):
    rows, columns = np.indices((3, 5))
    board = np.broadcast_to(((rows + columns) % 2 == 0)[..., None], (3, 5, 2))
    checkerboard, mask = Checkerboard(parity=parity), Mask(board, parity=parity)
    x = numbered((4, 3, 5, 2))
    for ours, theirs in zip(checkerboard.split(x), mask.split(x), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(checkerboard.sum(x), mask.sum(x))
    assert checkerboard.part_shapes((3, 5, 2)) == mask.part_shapes((3, 5, 2))


def test_checkerboard_keeps_the_top_left_pixel_at_parity_zero():
    x = numbered((2, 2, 1))
    kept, moved = Checkerboard().split(x)
    np.testing.assert_array_equal(kept[..., 0], [[1, 0], [0, 4]])
    np.testing.assert_array_equal(moved[..., 0], [[0, 2], [3, 0]])


@pytest.mark.parametrize("parity", [0, 1])
def test_packed_checkerboard_keeps_pixels_in_their_row_and_order(parity):
    x = numbered((3, 4, 1))
    kept, moved = Checkerboard(packed=True, parity=parity).split(x)
    in_place = Checkerboard(parity=parity).split(x)
    for packed, spread in zip((kept, moved), in_place, strict=True):
        for row in range(3):
            wanted = [entry for entry in spread[row, :, 0].numpy() if entry]
            np.testing.assert_array_equal(packed[row, :, 0], wanted)


def test_halves_keep_the_shorter_first_part_of_an_odd_axis():
    kept, moved = Halves().split(tf.range(5.0))
    np.testing.assert_array_equal(kept, [0, 1])
    np.testing.assert_array_equal(moved, [2, 3, 4])
    np.testing.assert_array_equal(Halves(parity=1).split(tf.range(5.0))[0], [2, 3, 4])


def test_alternating_keeps_even_entries_at_parity_zero():
    np.testing.assert_array_equal(Alternating().split(tf.range(5.0))[0], [0, 2, 4])
    np.testing.assert_array_equal(Alternating(parity=1).split(tf.range(5.0))[0], [1, 3])


def test_stripes_are_columns_or_rows():
    x = numbered((2, 2, 1))
    np.testing.assert_array_equal(Stripes().split(x)[0][..., 0], [[1], [3]])
    np.testing.assert_array_equal(Stripes(direction="horizontal").split(x)[0][..., 0], [[1, 2]])


def test_a_mask_is_that_of_its_complement_at_the_other_parity():
    assert Mask(BOARD) == Mask(~BOARD, parity=1)
    assert hash(Mask(BOARD)) == hash(Mask(~BOARD, parity=1))
    assert Mask(BOARD) != Mask(BOARD[..., :1])
    assert Mask([True, False]) != Halves()


def test_a_mask_keeps_its_own_copy():
    board = np.array([True, False])
    mask = Mask(board)
    board[:] = False
    np.testing.assert_array_equal(mask.kept, [True, False])
    with pytest.raises(ValueError, match="read-only"):
        mask.kept[0] = False


def test_partitions_are_frozen(case):
    with pytest.raises(dataclasses.FrozenInstanceError):
        case[0].parity = 0
