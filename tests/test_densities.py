"""Densities integrate to 1: no log-det that is wrong in sign, size or mask does."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, nets, partitions, transforms
from tfp_flows.testing.subject import scrambled

tfb, tfd = tfp.bijectors, tfp.distributions
LINE = np.linspace(-40.0, 40.0, 40_001)
SIDE = np.linspace(-60.0, 60.0, 1201)  # Some chains have 3e-6 of their mass beyond 25.
HALVES, ALTERNATING = partitions.Halves(), partitions.Alternating()
MASK = partitions.Mask([True, False])
AFFINE, WIDE = transforms.Affine(), transforms.Affine(transforms.TanhScale(0.7))
SIGMOID = transforms.Affine(transforms.SigmoidScale(offset=2.0, max_scale=1.5))


def flow_of(bijector, event_shape):
    base = distributions.standard_normal(event_shape, tf.float64)
    return tfd.TransformedDistribution(base, bijector)


def integral_over_the_line(log_prob):
    return np.trapezoid(np.exp(log_prob(tf.constant(LINE)[:, None])), LINE)


def integral_over_the_plane(log_prob):
    """The rectangle rule, which converges exponentially for smooth densities."""
    points = np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.sum(np.exp(log_prob(tf.constant(points)))) * (SIDE[1] - SIDE[0]) ** 2


def coupling(partition, transform, context_shape=None):
    shapes = partition.part_shapes((2,))
    net = nets.MLP((6,), activation="tanh", dtype="float64")
    net = net(*shapes, transform.num_params, context_shape)
    return bijectors.Coupling(partition, transform, net, context_shape=context_shape)


@pytest.mark.parametrize("transform", [AFFINE, WIDE, SIGMOID, transforms.Additive()], ids=str)
def test_learned_elementwise_density_integrates_to_one(transform):
    layer = bijectors.Elementwise(transform, (1,), dtype=tf.float64)
    with scrambled(layer, scale=1.0, seed=3):
        total = integral_over_the_line(flow_of(layer, (1,)).log_prob)
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("context", [-1.0, 0.5, 3.0])
def test_conditional_elementwise_density_integrates_to_one(context):
    net = nets.MLP((6,), dtype="float64")((2,), (1,), 2)
    layer = bijectors.Elementwise(AFFINE, (1,), net=net, context_shape=(2,))
    kwargs = {"bijector_kwargs": {"context": tf.constant([context, 1.0], tf.float64)}}
    flow = flow_of(layer, (1,))
    with scrambled(layer, scale=0.5, seed=3):
        total = integral_over_the_line(lambda x: flow.log_prob(x, **kwargs))
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("transform", [AFFINE, WIDE, SIGMOID], ids=str)
def test_scalar_bijector_densities_integrate_to_one_for_each_member(transform):
    raw = tf.constant([[0.0, 0.0], [1.0, -1.5], [-2.0, 0.8]], tf.float64)
    normal = tfd.Normal(tf.zeros([], tf.float64), tf.ones([], tf.float64))
    flow = tfd.TransformedDistribution(normal, transform.bijector(raw))
    densities = np.exp(flow.log_prob(tf.constant(LINE)[:, None]))
    assert densities.shape == (len(LINE), 3)
    np.testing.assert_allclose(np.trapezoid(densities, LINE, axis=0), 1, atol=1e-6)


@pytest.mark.parametrize("transform", [AFFINE, SIGMOID, transforms.Additive()], ids=str)
@pytest.mark.parametrize("partition", [HALVES, ALTERNATING, MASK], ids=lambda p: type(p).__name__)
def test_coupling_density_integrates_to_one_over_the_plane(partition, transform):
    links = [coupling(partition, transform), coupling(partition.flipped(), transform)]
    chain = bijectors.Chain([*links, coupling(partition, transform)])
    with scrambled(chain, scale=0.4, seed=5):
        total = integral_over_the_plane(flow_of(chain, (2,)).log_prob)
    assert total == pytest.approx(1, abs=1e-6)


def test_chain_with_stock_links_of_every_rank_integrates_to_one():
    matrix = tf.constant([[1.2, 0.0], [-0.7, 0.8]], tf.float64)
    links = [
        tfb.Scale(tf.constant(1.3, tf.float64)),
        coupling(HALVES, AFFINE),
        tfb.ScaleMatvecTriL(matrix),
        tfb.Invert(coupling(MASK, AFFINE)),
        tfb.Shift(tf.constant([0.4, -0.3], tf.float64)),
        bijectors.Elementwise(AFFINE, (2,), dtype=tf.float64),
        tfb.Permute([1, 0]),
    ]
    chain = bijectors.Chain(links)
    with scrambled(chain, scale=0.3, seed=5):
        total = integral_over_the_plane(flow_of(chain, (2,)).log_prob)
    assert total == pytest.approx(1, abs=1e-6)


def test_conditional_coupling_density_integrates_to_one_over_the_plane():
    links = [coupling(HALVES, AFFINE, (3,)), coupling(HALVES.flipped(), AFFINE, (3,))]
    chain = bijectors.Chain(links)
    context = tf.constant([1.0, -2.0, 0.5], tf.float64)
    flow = flow_of(chain, (2,))
    with scrambled(chain, scale=0.4, seed=5):
        total = integral_over_the_plane(
            lambda x: flow.log_prob(x, bijector_kwargs={"context": context})
        )
    assert total == pytest.approx(1, abs=1e-6)


def test_samples_have_the_moments_of_the_density():
    chain = bijectors.Chain([coupling(HALVES, AFFINE), coupling(HALVES.flipped(), AFFINE)])
    flow = flow_of(chain, (2,))
    points = np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).reshape(-1, 2)
    with scrambled(chain, scale=0.4, seed=5):
        weights = np.exp(flow.log_prob(tf.constant(points))) * (SIDE[1] - SIDE[0]) ** 2
        samples = flow.sample(40_000, seed=1).numpy()
    for power in (1, 2):
        wanted = weights @ points**power
        error = samples.std(axis=0) ** power / np.sqrt(len(samples))
        np.testing.assert_array_less(
            np.abs(np.mean(samples**power, axis=0) - wanted), 10 * error + 1e-3
        )
