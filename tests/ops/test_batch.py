"""Any batch shape becomes one axis and comes back."""

import pytest
import tensorflow as tf

from tfp_flows.ops.batch import flatten_batch


def _range(*shape):
    return tf.reshape(tf.range(tf.reduce_prod(shape)), shape)


@pytest.mark.parametrize("batch", [(), (5,), (4, 5), (2, 4, 5), (0,), (0, 3), (3, 0)])
@pytest.mark.parametrize("event", [(), (3,), (2, 3), (2, 0)])
def test_flat_and_back_static(batch, event):
    x = _range(*batch, *event) if batch + event else tf.constant(7)
    flat, restore = flatten_batch(x, len(event))
    assert flat.shape == (tf.zeros(batch).shape.num_elements(), *event)
    tf.debugging.assert_equal(restore(flat, len(event)), x)


def test_members_keep_their_order():
    x = _range(2, 3, 4)
    flat, restore = flatten_batch(x, 1)
    tf.debugging.assert_equal(flat[4], x[1, 1])
    tf.debugging.assert_equal(restore(flat[:, :2], 1), x[..., :2])


@pytest.mark.parametrize("ndims_out", [0, 1, 3])
def test_restore_to_another_event(ndims_out):
    _, restore = flatten_batch(tf.zeros([2, 4, 5]), 1)
    event = (3, 2, 6)[:ndims_out]
    assert restore(tf.zeros([8, *event]), ndims_out).shape == (2, 4, *event)


@pytest.mark.parametrize("shape", [[5, 3], [None, 3], [None, None]])
def test_one_batch_axis_adds_no_ops(shape):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, shape)
        before = len(graph.get_operations())
        flat, restore = flatten_batch(x, 1)
        assert flat is x
        assert restore(x, 1) is x
        assert len(graph.get_operations()) == before


@pytest.mark.parametrize(
    ("signature", "static"),
    [
        ([None, None, 2, 3], [None, 2, 3]),
        ([4, None, 2, 3], [None, 2, 3]),
        ([4, 5, 2, 3], [20, 2, 3]),
        ([4, 5, None, 3], [20, None, 3]),
        ([None, 5, 2, None], [None, 2, None]),
        (None, [None, None, None]),
    ],
)
def test_unknown_sizes(signature, static):
    seen = []

    @tf.function(input_signature=[tf.TensorSpec(signature, tf.int32)])
    def both_ways(x):
        flat, restore = flatten_batch(x, 2)
        seen.append((flat.shape.as_list(), restore(flat, 2).shape))
        return flat, restore(flat, 2)

    x = _range(4, 5, 2, 3)
    flat, back = both_ways(x)
    tf.debugging.assert_equal(flat, tf.reshape(x, [20, 2, 3]))
    tf.debugging.assert_equal(back, x)
    assert seen[0][0] == static
    assert seen[0][1].as_list() == signature if signature else seen[0][1].rank is None


@pytest.mark.parametrize("event_ndims", [0, 1, 2])
@pytest.mark.parametrize("batch", [(), (5,), (4, 5)])
def test_unknown_rank(batch, event_ndims):
    @tf.function(input_signature=[tf.TensorSpec(None, tf.int32)])
    def both_ways(x):
        flat, restore = flatten_batch(x, event_ndims)
        return flat, restore(flat, event_ndims)

    event = (2, 3)[:event_ndims]
    x = _range(*batch, *event) if batch + event else tf.constant(7)
    flat, back = both_ways(x)
    assert flat.shape == (tf.zeros(batch).shape.num_elements(), *event)
    tf.debugging.assert_equal(back, x)


def test_errors_name_both_values():
    with pytest.raises(ValueError, match=r"`x` must have rank at least 3; got shape \(2, 5\)\."):
        flatten_batch(tf.zeros([2, 5]), 3)
    with pytest.raises(ValueError, match=r"`event_ndims` must be at least 0; got -1\."):
        flatten_batch(tf.zeros([2, 5]), -1)
