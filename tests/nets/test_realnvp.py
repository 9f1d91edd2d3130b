"""RealNVP's net against the released code, and its number of parameters."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import RealNVPNet

EVENT = (6, 4, 3)


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _scrambled(net):
    rng = np.random.default_rng(1)
    for variable in net.variables:
        noise = rng.normal(size=variable.shape)
        variable.assign(np.exp(noise) if "variance" in variable.name else noise)
    return net


def _board(parity):
    return (np.add.outer(np.arange(6), np.arange(4)) % 2 == parity)[..., None].astype("float32")


def _wnc(ci, co, k, *, bias, scale):
    return k * k * ci * co + bias * co + scale * co


def _resnet(din, d, dout, nb):
    t = _wnc(din, d, 3, bias=True, scale=False) + _wnc(d, d, 1, bias=True, scale=True)
    for _ in range(nb):
        t += d + _wnc(d, d, 3, bias=False, scale=False) + d + _wnc(d, d, 3, bias=True, scale=True)
        t += _wnc(d, d, 1, bias=True, scale=True)
    return t + d + _wnc(d, dout, 1, bias=True, scale=True)


@pytest.mark.parametrize(("c", "d", "nb"), [(3, 8, 1), (6, 4, 3)])
@pytest.mark.parametrize("checkerboard", [None, 0, 1])
def test_it_has_the_released_number_of_parameters(c, d, nb, checkerboard):
    net = RealNVPNet(d, nb, checkerboard=checkerboard)((6, 4, c), (6, 4, c), 2)
    inputs = 2 * c + (checkerboard is not None)
    count = sum(v.value.shape.num_elements() for v in net.trainable_variables)
    assert count == c + _resnet(inputs, d, 2 * c, nb) + 1


@pytest.mark.parametrize("context", [(5,), (6, 4, 5), (12, 4, 5)])
def test_context_costs_one_shift_a_block(context):
    plain, conditional = (RealNVPNet(8, 2)(EVENT, EVENT, 2, c) for c in (None, context))
    channels = 10 if context == (12, 4, 5) else 5
    assert conditional.count_params() - plain.count_params() == 2 * channels * 8


def _literal(net, x, checkerboard, *, training, context=None):
    """The released code, line by line."""
    spec = net.spec

    def norm(layer, x):
        mean, variance = layer.moving_mean.value, layer.moving_variance.value
        if training:
            mean, variance = tf.nn.moments(x, [0, 1, 2])
        return (x - mean) / tf.sqrt(variance + 1e-4) + layer.beta.value

    def conv(layer, x, *, bias, scale):
        weights = tf.convert_to_tensor(layer.direction)
        weights /= tf.sqrt(tf.reduce_sum(tf.square(weights), [0, 1, 2]))
        if scale:
            weights *= layer.gain.value
        x = tf.nn.conv2d(x, weights, [1, 1, 1, 1], "SAME")
        return x + layer.bias.value if bias else x

    res = norm(net.first_norm, x)
    if checkerboard is not None:
        res *= 2.0
    res = tf.concat([res, -res], 3)
    if checkerboard is not None:
        mask = tf.tile(_board(checkerboard)[None], [x.shape[0], 1, 1, 1])
        res = tf.concat([res, mask], 3)
    res = conv(net.first_layer, tf.nn.relu(res), bias=True, scale=False)
    out = conv(net.skips[0], res, bias=True, scale=True)
    for i in range(spec.num_blocks):
        block, skip = net.blocks[i], res
        res = tf.nn.relu(norm(block.norms[0], res))
        res = conv(block.first, res, bias=False, scale=False)
        if context is not None:
            res += (context @ block.shift.kernel.numpy()[0, 0])[:, None, None]
        res = tf.nn.relu(norm(block.norms[1], res))
        res = conv(block.second, res, bias=True, scale=True) + skip
        out += conv(net.skips[i + 1], res, bias=True, scale=True)
    res = conv(net.last_layer, tf.nn.relu(norm(net.last_norm, out)), bias=True, scale=True)
    if net.num_params != 2:
        return res
    shift, log_rescaling = tf.split(res, 2, axis=3)
    return tf.concat([shift, net.rescale.value * tf.tanh(log_rescaling)], 3)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("num_params", [1, 2, 3])
@pytest.mark.parametrize("checkerboard", [None, 0, 1])
def test_it_is_the_literal_net(checkerboard, num_params, training):
    make = RealNVPNet(8, 2, checkerboard=checkerboard)
    net, x = _scrambled(make(EVENT, EVENT, num_params)), _x(5, *EVENT)
    if checkerboard is not None:
        x = x * _board(checkerboard)
    wanted = _literal(net, x, checkerboard, training=training)
    np.testing.assert_allclose(net(x, training=training), wanted, rtol=1e-3, atol=1e-3)


def test_it_is_the_literal_net_with_context_and_other_channels():
    net = _scrambled(RealNVPNet(8, 2)((6, 4, 3), (6, 4, 2), 2, (7,)))
    x, context = _x(6, *EVENT), _x(6, 7, seed=1)
    wanted = _literal(net, x, None, training=False, context=context)
    np.testing.assert_allclose(net(x, context), wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("rescale", [0.0, 1.0])
def test_start(rescale):
    net = RealNVPNet(8, 2, rescale=rescale)(EVENT, EVENT, 2)
    raw = net(_x(5, *EVENT)).numpy()
    assert net.rescale.numpy() == rescale
    assert (np.abs(raw[..., 3:]).max() > 0.0) == (rescale > 0.0)
    assert np.abs(raw[..., :3]).max() > 0.0
    # As the released code has it: stddev * sqrt(fan_in / 12), with stddev = sqrt(2 / dim_in).
    np.testing.assert_allclose(net.skips[0].gain, np.full(8, np.sqrt(2 / 8) * np.sqrt(8 / 12)))
    gain = np.full(8, np.sqrt(2 / 8) * np.sqrt(72 / 12))
    np.testing.assert_allclose(net.blocks[0].second.gain, gain, rtol=1e-6)
    for layer, dim_in in [(net.first_layer, 6), (net.blocks[1].first, 8), (net.last_layer, 8)]:
        bound, weights = np.sqrt(2 / dim_in), np.abs(layer.direction.numpy())
        assert 0.8 * bound < weights.max() <= bound


def test_penalty_is_on_gains_and_rescale_only():
    net = _scrambled(RealNVPNet(8, 2, penalty=0.5)(EVENT, EVENT, 2))
    names = [v.name for v in net.trainable_variables]
    assert names.count("gain") == 2 + 1 + 2 + 1
    squares = [
        np.sum(v.numpy() ** 2) for v in net.trainable_variables if v.name in ("gain", "rescale")
    ]
    np.testing.assert_allclose(sum(net.losses), 0.5 * sum(squares), rtol=1e-5)
    assert not RealNVPNet(8, 2, penalty=0.0)(EVENT, EVENT, 2).losses


def test_rescale_is_only_for_two_parameters():
    for num_params in (1, 3):
        net = RealNVPNet(8, 1)(EVENT, EVENT, num_params)
        assert "rescale" not in [v.name for v in net.variables]
        assert net(_x(5, *EVENT)).shape == (5, 6, 4, 3 * num_params)


class Outer(keras.Model):
    """A model that calls its net in plain Python, as a bijector does."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def call(self, x):
        def plain(y):
            return self.net(y)

        return plain(x)


@pytest.mark.parametrize("compiled", [False, True])
def test_training_tracks_the_statistics_of_batches(compiled):
    net, x = RealNVPNet(8, 1)(EVENT, EVENT, 2), 3.0 + 2.0 * _x(5, *EVENT)
    outer = Outer(net)
    call = tf.function(outer) if compiled else outer
    before = call(x)
    call(x, training=True)
    np.testing.assert_allclose(net.first_norm.moving_mean, 0.1 * x.mean((0, 1, 2)), rtol=1e-4)
    variance = 0.9 + 0.1 * x.var((0, 1, 2))
    np.testing.assert_allclose(net.first_norm.moving_variance, variance, rtol=1e-3)
    assert np.abs(call(x) - before).max() > 1e-3


def test_replicas_share_statistics(strategy):
    with strategy.scope():
        net = RealNVPNet(4, 1)(EVENT, EVENT, 2)
    x = _x(2, 3, *EVENT) + np.array([0.0, 5.0], "float32").reshape(2, 1, 1, 1, 1)

    def run():
        half = tf.distribute.get_replica_context().replica_id_in_sync_group
        return net(tf.constant(x)[half], training=True)

    got = strategy.experimental_local_results(tf.function(lambda: strategy.run(run))())
    wanted = _literal(net, tf.reshape(x, [6, *EVENT]), None, training=True)
    np.testing.assert_allclose(tf.concat(got, 0), wanted, rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(net.first_norm.moving_mean, 0.1 * x.mean((0, 1, 2, 3)), rtol=1e-4)


@pytest.mark.parametrize(
    ("error", "message", "kwargs"),
    [
        (ValueError, "`filters` must be an integer of at least 1; got 0.", {"filters": 0}),
        (ValueError, "`num_blocks` must be an integer of at least 1; got 0.", {"num_blocks": 0}),
        (ValueError, "must be an integer in 0..1; got 2.", {"checkerboard": 2}),
        (TypeError, "must be an integer in 0..1; got True.", {"checkerboard": True}),
        (TypeError, "`rescale` must be a number; got None.", {"rescale": None}),
        (ValueError, "`rescale` must be finite; got nan.", {"rescale": np.nan}),
        (ValueError, "`penalty` must be at least 0; got -1.", {"penalty": -1}),
        (ValueError, "float dtype or policy; got 'int32'.", {"dtype": "int32"}),
    ],
)
def test_bad_fields(error, message, kwargs):
    with pytest.raises(error) as caught:
        RealNVPNet(**kwargs)
    assert str(caught.value).endswith(message)


def test_checkerboards_are_in_place():
    with pytest.raises(ValueError, match="must be the same for a checkerboard") as caught:
        RealNVPNet(8, checkerboard=0)((6, 4, 3), (6, 4, 2), 2)
    assert str(caught.value).endswith("got (6, 4, 3) and (6, 4, 2).")
