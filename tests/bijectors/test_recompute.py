"""`Chain(recompute=...)` has the gradients of a plain chain, in both directions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, nets, partitions, phases, transforms

tfb = tfp.bijectors
MODES = ("inverse", "checkpoint")
WAYS = ["inverse", pytest.param("forward", marks=pytest.mark.slow)]
HALVES = partitions.Halves()
IMAGE = (4, 4, 2)
CONTEXT = tf.constant(np.random.default_rng(2).normal(size=(5, 3)))


def data(*shape, dtype=tf.float64):
    return tf.constant(np.random.default_rng(1).normal(size=(5, *shape)), dtype)


def moved(links):
    """Off their start, as all networks put out zeros there."""
    for i, variable in enumerate(bijectors.Chain(links).trainable_variables):
        noise = tf.random.stateless_normal(variable.shape, [i, 3], dtype=variable.dtype)
        variable.assign_add(0.2 * noise)
    return links


def coupling(
    event_shape=(6,), partition=HALVES, transform=transforms.Affine(), dtype="float64", **kwargs
):
    context_shape = kwargs.pop("context_shape", None)
    is_image = len(event_shape) == 3
    make = nets.ConvResNet(4, 1, dtype=dtype) if is_image else nets.MLP((8,), dtype=dtype, **kwargs)
    net = make(*partition.part_shapes(event_shape), transform.num_params, context_shape)
    return bijectors.Coupling(
        partition, transform, net, event_shape=event_shape, context_shape=context_shape
    )


def images():
    """Ours and stock ones, of all ranks, one that shares its network, contexts, several parts."""
    shared = coupling(IMAGE, partitions.Checkerboard(), context_shape=(3,))
    rest = bijectors.Chain([tfb.Scale(tf.constant(2.0, tf.float64))])
    return [
        tfb.Shift(tf.constant(0.5, tf.float64)),
        bijectors.ActNorm((2,), dtype=tf.float64),
        bijectors.InvertibleConv1x1(2, dtype=tf.float64),
        shared,
        coupling(IMAGE, partitions.Halves(event_ndims=3, parity=1)),
        tfb.Invert(shared),
        bijectors.Chain([tfb.SinhArcsinh(tf.constant(0.2, tf.float64)), shared]),
        tfb.Invert(tfb.Split([1, 1])),
        tfb.JointMap(
            [tfb.Scale(tf.constant(0.7, tf.float64)), tfb.SinhArcsinh(tf.constant(0.1, tf.float64))]
        ),
        tfb.Split([1, 1]),
        bijectors.Squeeze(),
        coupling((2, 2, 8), partitions.Checkerboard(packed=True), transforms.LogisticMixture(3)),
        bijectors.BatchNormalization((8,), dtype=tf.float64),
        bijectors.FactorOut(rest, (2, 2, 8)),
    ]


def gradients(chain, way, value, how="eager", **kwargs):
    """Of a scalar: with respect to the events, the context and all variables."""
    variables = chain.trainable_variables

    def compute(value, kwargs):
        with tf.GradientTape() as tape:
            tape.watch([value, *kwargs.values()])
            end, log_det = getattr(chain, f"{way}_and_log_det")(value, **kwargs)
            loss = tf.reduce_sum(tf.sin(end)) + tf.reduce_sum(tf.cos(log_det))
        return [loss, *tape.gradient(loss, [value, *kwargs.values(), *variables])]

    if how != "eager":
        compute = tf.function(compute, jit_compile=how == "xla")
    return compute(value, kwargs)


def assert_same(got, wanted, rtol=1e-9):
    for one, other in zip(got, wanted, strict=True):
        scale = 1e-12 + np.max(np.abs(other))
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * scale)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", WAYS)
def test_gradients_are_those_of_a_plain_chain(mode, way):
    links = moved(images())
    value = data(*IMAGE) if way == "inverse" else data(32)
    plain = gradients(bijectors.Chain(links), way, value, context=CONTEXT)
    chain = bijectors.Chain(links, recompute=mode)
    assert_same(gradients(chain, way, value, context=CONTEXT), plain)


@pytest.mark.parametrize(
    ("mode", "how"),
    [pytest.param("inverse", "xla", marks=pytest.mark.slow), ("checkpoint", "graph")],
)
def test_gradients_in_graphs_are_those_of_eager(mode, how):
    links = moved([bijectors.ActNorm((6,), dtype=tf.float64), coupling(context_shape=(3,))])
    plain = gradients(bijectors.Chain(links), "inverse", data(6), context=CONTEXT)
    chain = bijectors.Chain(links, recompute=mode)
    assert_same(gradients(chain, "inverse", data(6), how, context=CONTEXT), plain)


def test_a_tape_outside_of_the_graph_has_the_gradients():
    links = moved([coupling(), coupling(partition=HALVES.flipped())])
    chain = bijectors.Chain(links, recompute="inverse")
    inverse = tf.function(chain.inverse_and_log_det)
    with tf.GradientTape() as tape:
        z, log_det = inverse(data(6))
        loss = tf.reduce_sum(tf.sin(z)) + tf.reduce_sum(tf.cos(log_det))
    got = tape.gradient(loss, chain.trainable_variables)
    assert_same(got, gradients(bijectors.Chain(links), "inverse", data(6))[2:])


@pytest.mark.parametrize("mode", MODES)
def test_parameters_of_stock_links_get_gradients(mode):
    def gradient(recompute):
        weights = tf.Variable(tf.ones([6], tf.float64))
        with tf.GradientTape() as tape:
            links = [tfb.Scale(tf.exp(weights)), tfb.Shift(tf.sin(weights))]
            z, log_det = bijectors.Chain(links, recompute=recompute).inverse_and_log_det(data(6))
            loss = tf.reduce_sum(tf.sin(z)) + tf.reduce_sum(log_det)
        return [tape.gradient(loss, weights)]

    assert_same(gradient(mode), gradient(None))


@pytest.mark.parametrize(
    ("mode", "how"),
    [
        ("inverse", "eager"),
        ("inverse", "graph"),
        ("checkpoint", "eager"),
        pytest.param("checkpoint", "xla", marks=pytest.mark.slow),
    ],
)
def test_dropout_drops_the_same_again(mode, how):
    links = moved([coupling(dropout=0.5), coupling(partition=HALVES.flipped(), dropout=0.5)])
    seeds = [v for v in bijectors.Chain(links).variables if v.dtype.is_integer]
    before = [tf.identity(seed) for seed in seeds]
    found = {}
    for recompute in (None, mode):
        for seed, start in zip(seeds, before, strict=True):
            seed.assign(start)
        with phases.training():
            chain = bijectors.Chain(links, recompute=recompute)
            found[recompute] = gradients(chain, "inverse", data(6), how)
        found[recompute].extend(tf.cast(seed, tf.float64) for seed in seeds)
    assert any(np.any(seed != start) for seed, start in zip(seeds, before, strict=True))
    assert_same(found[mode], found[None])


@pytest.mark.parametrize("mode", MODES)
def test_batch_normalization_follows_a_batch_once(mode):
    def after_training(recompute):
        keras.utils.set_random_seed(0)
        net = keras.Sequential(
            [
                keras.layers.Input((3,), dtype="float64"),
                keras.layers.Dense(8, dtype="float64"),
                keras.layers.BatchNormalization(dtype="float64"),
                keras.layers.Dense(6, dtype="float64"),
            ]
        )
        inner = bijectors.Coupling(HALVES, transforms.Affine(), net)
        links = [coupling(), bijectors.BatchNormalization((6,), dtype=tf.float64), inner]
        with phases.training():
            found = gradients(bijectors.Chain(links, recompute=recompute), "inverse", data(6))
        return [*found, *(tf.cast(v, tf.float64) for link in links for v in link.variables)]

    assert_same(after_training(mode), after_training(None))


@pytest.mark.parametrize("mode", MODES)
def test_layers_are_initialized_as_in_a_plain_chain(mode):
    def after_initialization(recompute):
        layer = bijectors.ActNorm((6,), dtype=tf.float64)
        with phases.initializing():
            bijectors.Chain([layer], recompute=recompute).inverse(3.0 + 2.0 * data(6))
        return [tf.cast(v, tf.float64) for v in layer.variables]

    assert_same(after_initialization(mode), after_initialization(None))
