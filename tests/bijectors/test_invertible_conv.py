"""The matrix stays invertible, whatever training does to it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import bijectors
from tfp_flows.bijectors.invertible_conv import _random_rotation

KINDS = ["lu", "full"]


def conv(size=6, parametrization="lu", dtype=tf.float64, seed=0, **kwargs):
    keras.utils.set_random_seed(seed)
    return bijectors.InvertibleConv1x1(size, parametrization=parametrization, dtype=dtype, **kwargs)


def data(*shape, dtype=tf.float64):
    return tf.constant(np.random.default_rng(1).normal(size=shape), dtype)


def scramble(layer, scale=0.3):
    (variable,) = layer.trainable_variables
    noise = np.random.default_rng(2).normal(size=variable.shape)
    variable.assign_add(tf.constant(scale * noise, variable.dtype))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3, 12])
def test_matrix_inverse_and_log_det_are_numpys(size, kind):
    layer, x = conv(size, kind), data(5, 4, 2, size)
    scramble(layer)
    matrix = layer.matrix.numpy()
    z, log_det = layer.inverse_and_log_det(x)
    np.testing.assert_allclose(z, x.numpy() @ matrix, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrix)[1], rtol=1e-9, atol=1e-12)
    back, other = layer.forward_and_log_det(tf.identity(z))
    np.testing.assert_allclose(back, x, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(other, -log_det, rtol=1e-12)
    whole = layer.inverse_log_det_jacobian(x, event_ndims=3)
    np.testing.assert_allclose(whole, np.full(5, 8 * np.linalg.slogdet(matrix)[1]), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_the_log_det_are_the_inverse(kind):
    layer = conv(4, kind)
    scramble(layer)
    (variable,) = layer.trainable_variables
    with tf.GradientTape() as tape:
        log_det = layer.inverse_log_det_jacobian(data(3, 4))[0]
    wanted = np.linalg.inv(layer.matrix).T if kind == "full" else np.eye(4)
    np.testing.assert_allclose(tape.gradient(log_det, variable), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_it_starts_as_a_rotation(kind, dtype):
    layer = conv(12, kind, dtype)
    matrix = layer.matrix.numpy()
    atol = 1e-5 if dtype == tf.float32 else 1e-12
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(12), atol=atol)
    assert np.max(np.abs(matrix - np.eye(12))) > 0.5
    np.testing.assert_allclose(layer.inverse_and_log_det(data(3, 12))[1], 0, atol=atol)


@pytest.mark.parametrize("kind", KINDS)
def test_or_as_the_identity(kind):
    layer, x = conv(5, kind, start="identity"), data(3, 5)
    np.testing.assert_array_equal(layer.inverse(x), x)
    np.testing.assert_array_equal(layer.matrix, np.eye(5))


@pytest.mark.parametrize("kind", KINDS)
def test_determinants_of_both_signs_occur_and_work(kind):
    signs = []
    for seed in range(20):
        layer = conv(3, kind, seed=seed)
        scramble(layer, 0.1)
        x = data(4, 3)
        back = layer.forward(tf.identity(layer.inverse(x)))
        np.testing.assert_allclose(back, x, rtol=1e-9, atol=1e-9)
        sign, log_det = np.linalg.slogdet(layer.matrix)
        np.testing.assert_allclose(layer.inverse_and_log_det(x)[1], log_det, atol=1e-9)
        signs.append(sign)
    assert 4 <= signs.count(-1.0) <= 16


def test_rotations_are_uniform():
    """QR alone would prefer some: no entry of a uniform rotation has a preferred sign."""
    keras.utils.set_random_seed(0)
    rotations = [_random_rotation(2).numpy() for _ in range(100)]
    assert np.all(np.abs(np.mean(np.sign(rotations), axis=0)) < 0.4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 7])
def test_trains_as_many_numbers_as_the_matrix_has(size, kind):
    shapes = [tuple(v.shape) for v in conv(size, kind).trainable_variables]
    assert shapes == [(size, size)]


def trained(layer, x, learning_rate, steps):
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(layer.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            z, log_det = layer.inverse_and_log_det(x)
            loss = tf.reduce_mean(tf.reduce_sum(0.5 * z**2, -1)) - log_det
        gradients = tape.gradient(loss, layer.trainable_variables)
        optimizer.apply(gradients, layer.trainable_variables)
        return loss

    return [float(step()) for _ in range(steps)]


def test_training_keeps_signed_permutation_and_triangles():
    layer = conv(6)
    weight = layer._weight
    before = [v.numpy() for v in (weight._packed, weight._permutation)]
    trained(layer, data(100, 6) * [1, 2, 3, 4, 5, 6], 0.01, 10)
    assert np.all(weight._packed.numpy() != before[0])
    np.testing.assert_array_equal(weight._permutation, before[1])
    ones = np.abs(before[1])
    assert set(np.unique(ones)) == {0.0, 1.0}
    np.testing.assert_array_equal(ones @ ones.T, np.eye(6))
    lower, upper = (factor.numpy() for factor in weight._factors(tf.float64)[:2])
    np.testing.assert_array_equal(np.triu(lower), np.eye(6))
    np.testing.assert_array_equal(np.tril(upper, -1), np.zeros([6, 6]))
    np.testing.assert_allclose(np.diag(upper), np.exp(np.diag(weight._packed)), rtol=1e-14)
    np.testing.assert_allclose(
        layer.matrix, weight._permutation.numpy() @ lower @ upper, atol=1e-14
    )


@pytest.mark.parametrize(("kind", "learning_rate"), [("lu", 0.1), ("full", 0.01)])
def test_a_badly_conditioned_loss_leaves_it_invertible(kind, learning_rate):
    rng = np.random.default_rng(0)
    common = rng.normal(size=(500, 1)) * np.linspace(1, 3, 8)
    x = tf.constant(common + 1e-3 * rng.normal(size=(500, 8)), tf.float32)
    layer = conv(8, kind, tf.float32)
    losses = trained(layer, x, learning_rate, 500)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0] - 10
    assert np.isfinite(layer.matrix).all()
    assert np.linalg.cond(layer.matrix.numpy().astype(float)) > 50
    back = layer.forward(tf.identity(layer.inverse(x)))
    assert np.max(np.abs(back - x)) < 1e-3 * np.max(np.abs(x))


@pytest.mark.parametrize("kind", KINDS)
def test_the_inverse_is_never_stale(kind):
    layer, z = conv(4, kind), data(3, 4)
    forward = tf.function(layer.forward)
    old, traced = layer.forward(z).numpy(), forward(z).numpy()
    np.testing.assert_allclose(old, traced, rtol=1e-12)
    scramble(layer)
    wanted = z.numpy() @ np.linalg.inv(layer.matrix)
    for new in (layer.forward(tf.identity(z)), forward(z)):
        assert np.max(np.abs(new - old)) > 0.01
        np.testing.assert_allclose(new, wanted, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_xla(kind):
    layer, x = conv(4, kind), data(3, 2, 4)
    scramble(layer)
    for method in ("inverse_and_log_det", "forward_and_log_det"):
        plain = getattr(layer, method)
        compiled = tf.function(plain, jit_compile=True)(x)
        for a, b in zip(compiled, plain(x), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`parametrization` must be one of .*; got 'qr'"):
        bijectors.InvertibleConv1x1(3, parametrization="qr")
    with pytest.raises(ValueError, match=r"`start` must be one of .*; got 'zeros'"):
        bijectors.InvertibleConv1x1(3, start="zeros")
    with pytest.raises(ValueError, match="`num_channels` must be"):
        bijectors.InvertibleConv1x1(0)
    with pytest.raises(ValueError, match=r"must be given 3 channels; got shape \(5, 4\)"):
        bijectors.InvertibleConv1x1(3).inverse(tf.ones([5, 4]))
