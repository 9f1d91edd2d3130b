"""What does not fit is told with its level."""

import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, partitions
from tfp_flows.bijectors import FactorOut, Squeeze, multi_scale

tfb = tfp.bijectors
HALVES = partitions.Halves(event_ndims=3)


@pytest.mark.parametrize(
    ("shape", "at"), [((6, 8, 1), "Level 1 of 3"), ((8, 3, 1), "Level 0 of 3")], ids=str
)
def test_a_level_that_cannot_take_its_events(shape, at):
    with pytest.raises(ValueError, match=rf"{at} cannot take events of shape .*divisible by 2"):
        multi_scale([Squeeze(), Squeeze(), tfb.Identity()], shape)


def test_a_partition_that_cannot_split():
    parts = [HALVES, partitions.Leading(size=9, event_ndims=3)]
    with pytest.raises(ValueError, match=r"Level 1 of 3 cannot take .* needs more than 9 entries"):
        multi_scale([Squeeze(), Squeeze(), tfb.Identity()], (8, 8, 1), partition=parts)


def test_numbers_of_levels_and_partitions():
    with pytest.raises(ValueError, match="`levels` must hold at least one bijector; got none"):
        multi_scale([], (8, 8, 1))
    with pytest.raises(ValueError, match="one for each level but the last, 1; got 2"):
        multi_scale([Squeeze(), Squeeze()], (8, 8, 1), partition=[HALVES, HALVES])


def test_a_level_of_another_kind():
    with pytest.raises(TypeError, match="`levels` must be"):
        multi_scale([Squeeze(), "squeeze"], (8, 8, 1))


@pytest.mark.parametrize(
    "partition", [partitions.Checkerboard(), partitions.Mask([[[True], [False]] * 2] * 4)]
)
def test_a_partition_in_place_is_refused(partition):
    with pytest.raises(ValueError, match=r"`partition` must split|must move|would move|must keep"):
        FactorOut(tfb.Identity(), (4, 4, 1), partition=partition)


def test_packed_boards_split():
    layer = FactorOut(tfb.Identity(), (4, 4, 1), partition=partitions.Checkerboard(packed=True))
    assert layer.part_shapes == ((4, 2, 1), (4, 2, 1))
    x = tf.reshape(tf.range(16.0), [4, 4, 1])
    z = layer.inverse(x)
    assert z.numpy().tolist() == [1, 3, 4, 6, 9, 11, 12, 14, 0, 2, 5, 7, 8, 10, 13, 15]
    assert layer.forward(tf.identity(z)).numpy().tolist() == x.numpy().tolist()


def test_a_rest_that_cannot_take_what_is_kept():
    with pytest.raises(ValueError, match="divisible by 2"):
        FactorOut(Squeeze(), (3, 4, 2))
    with pytest.raises(TypeError, match="`rest` must be"):
        FactorOut(None, (4, 4, 2))
    with pytest.raises(TypeError, match="`partition` must be"):
        FactorOut(tfb.Identity(), (4, 4, 2), partition="halves")


def test_contexts_that_nobody_takes():
    flow = multi_scale([Squeeze(), Squeeze()], (8, 8, 1))
    with pytest.raises(ValueError, match="`context` must not be given"):
        flow.inverse(tf.zeros([1, 8, 8, 1]), context=tf.zeros([1, 2]))


def test_vectors_have_levels_too():
    levels = [tfb.Scale(2.0), tfb.Scale(4.0)]
    flow = multi_scale(levels, (4,), partition=partitions.Halves())
    assert flow.inverse(tf.constant([8.0, 8.0, 8.0, 8.0])).numpy().tolist() == [4, 4, 1, 1]
    assert bijectors.latent_shapes(flow, (4,)) == [(2,), (2,)]
