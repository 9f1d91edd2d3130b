"""The plain stack of couplings."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import distributions, flows, nets, partitions, transforms
from tfp_flows.flows.recipe import Recipe, recipe_of


def _flow(event_shape=(3,), **kwargs):
    net = nets.ConvResNet(2, 1) if np.size(event_shape) == 3 else nets.MLP((4,))
    return flows.coupling_flow(event_shape, **{"net": net, "num_couplings": 2, **kwargs})


def _x(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("event_shape", [(2,), (5,), (4, 4, 1), (3, 5, 2)])
def test_a_new_flow_is_the_standard_normal(event_shape):
    flow, x = _flow(event_shape), _x(6, *event_shape)
    wanted = -0.5 * np.sum(x**2 + np.log(2 * np.pi), axis=tuple(range(1, x.ndim)))
    np.testing.assert_allclose(flow.log_prob(x), wanted, rtol=1e-5)
    assert flow.event_shape == event_shape
    assert flow.batch_shape == ()


def test_partitions_are_used_in_turn_in_the_order_the_data_meet_them():
    given = [partitions.Alternating(), partitions.Halves(parity=1), partitions.Halves()]
    flow = _flow(num_couplings=5, partitions=given)
    assert [c.partition for c in flow.bijector.bijectors] == [*given, *given[:2]]
    x = tf.constant(_x(4, 3))
    wanted = x
    for variable in flow.trainable_variables:
        variable.assign_add(0.1 * tf.ones_like(variable))
    for coupling in flow.bijector.bijectors:
        wanted = coupling.inverse(tf.identity(wanted))
    np.testing.assert_allclose(flow.bijector.inverse(x), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("event_shape", "kind"), [((3,), partitions.Halves), ((4, 4, 1), partitions.Checkerboard)]
)
def test_the_default_partitions_move_every_entry(event_shape, kind):
    first, second = (c.partition for c in _flow(event_shape).bijector.bijectors)
    assert (first, second) == (kind(), kind(parity=1))


def test_all_variables_exist_at_once_and_have_gradients():
    flow = _flow(num_couplings=3)
    assert len(flow.trainable_variables) == 3 * 4
    for variable in flow.trainable_variables:
        variable.assign_add(0.1 * tf.ones_like(variable))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(flow.log_prob(_x(4, 3)))
    gradients = tape.gradient(loss, flow.trainable_variables)
    assert all(bool(tf.reduce_any(gradient != 0)) for gradient in gradients)


def test_two_flows_share_nothing():
    first, second = _flow(), _flow()
    assert not {id(v) for v in first.variables} & {id(v) for v in second.variables}


def test_a_flow_remembers_its_arguments_as_they_were():
    given = [partitions.Halves(), partitions.Halves(parity=1)]
    flow = flows.coupling_flow((3,), num_couplings=2, partitions=given, net=nets.MLP((4,)))
    given.reverse()
    assert recipe_of(flow) == Recipe(
        "coupling_flow",
        {
            "event_shape": (3,),
            "num_couplings": 2,
            "partitions": [partitions.Halves(), partitions.Halves(parity=1)],
            "transform": transforms.Affine(),
            "net": nets.MLP((4,)),
            "logit_alpha": None,
            "standardize": None,
            "context_shape": None,
            "num_classes": None,
            "recompute": None,
            "dtype": "float32",
        },
        policy="float32",
    )
    assert recipe_of(flow.distribution) is None


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"event_shape": 3}, TypeError, "`event_shape` must be a tuple of ints; got 3"),
        ({"event_shape": (2.0,)}, TypeError, "`event_shape` must be a tuple of ints; got"),
        ({"event_shape": (0,)}, ValueError, "`event_shape` must have sizes of at least 1; got"),
        ({"event_shape": (1,)}, ValueError, "at least 2 entries on the last axis"),
        ({"event_shape": ()}, ValueError, r"`event_shape` must have rank 1 .* got \(\)"),
        ({"event_shape": (2, 2)}, ValueError, r"`event_shape` must have rank 1 .* got \(2, 2\)"),
        (
            {"num_couplings": 0},
            ValueError,
            "`num_couplings` must be an integer of at least 1; got 0",
        ),
        (
            {"num_couplings": 2.5},
            TypeError,
            "`num_couplings` must be an integer of at least 1; got 2.5",
        ),
        ({"partitions": []}, ValueError, "`partitions` must hold at least one .* got none"),
        ({"partitions": partitions.Halves()}, TypeError, "must be a list or tuple; got Halves"),
        ({"partitions": ["halves"]}, TypeError, "`partitions` must be a Partition; got 'halves'"),
        ({"partitions": [partitions.Checkerboard()]}, ValueError, "`event_shape` must have rank 3"),
        ({"context_shape": 4}, TypeError, "`context_shape` must be a tuple of ints; got 4"),
        ({"transform": "affine"}, TypeError, "`transform` must be a ScalarTransform; got 'affine'"),
        ({"net": "mlp"}, TypeError, "`net` must be a factory of .*; got 'mlp'"),
        ({"net": lambda *shapes: None}, TypeError, "`net` must be callable"),
    ],
)
def test_bad_arguments_are_named(arguments, error, match):
    with pytest.raises(error, match=match):
        _flow(**arguments)


@pytest.mark.parametrize("num_classes", [None, 3])
def test_a_keyword_that_would_be_dropped_is_refused(num_classes):
    flow = flows.coupling_flow((2,), num_couplings=1, num_classes=num_classes)
    match = r'`bijector_kwargs=\{"context": labels\}`; got \[\'context\'\]\. `latents\.sample`'
    for call in (flow.sample, flow.experimental_sample_and_log_prob):
        with pytest.raises(TypeError, match=match):
            call(4, context=1)
    for call in (flow.log_prob, flow.prob):
        with pytest.raises(TypeError, match=match):
            call(tf.zeros([4, 2]), context=1)
    labels = {} if num_classes is None else {"bijector_kwargs": {"context": 1}}
    assert flow.sample(4, **labels).shape == (4, 2)
    # Also of integers.
    with pytest.raises(TypeError, match=match):
        distributions.Dequantized(flow, 4).sample(4, context=1)
