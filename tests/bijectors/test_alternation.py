"""Couplings in a row on one partition split an event once, and are what they are one by one."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import bijectors, nets, partitions, transforms

CASES = {
    "halves": (partitions.Halves(), (5,), nets.MLP((8,))),
    "alternating": (partitions.Alternating(), (5,), nets.MLP((8,))),
    "packed": (partitions.Checkerboard(packed=True), (4, 4, 2), nets.ConvResNet(4, 1)),
    "in place": (partitions.Checkerboard(), (4, 4, 2), nets.ConvResNet(4, 1)),
}


def couplings(case, parities, context_shape=None):
    tf.random.set_seed(0)
    partition, shape, factory = CASES[case]
    links = []
    for i, parity in enumerate(parities):
        this = dataclasses.replace(partition, parity=parity)
        net = factory(*this.part_shapes(shape), 2, context_shape)
        link = bijectors.Coupling(
            this,
            transforms.Affine(),
            net,
            event_shape=shape,
            context_shape=context_shape,
            name=f"coupling_{i}",
        )
        links.append(link)
    rng = np.random.default_rng(0)
    for variable in [v for link in links for v in link.trainable_variables]:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    return links, tf.constant(rng.normal(size=(3, *shape)), tf.float32)


def one_by_one(links, x, **kwargs):
    total = 0.0
    for link in links:
        x, log_det = link.inverse_and_log_det(tf.identity(x), **kwargs)
        total += log_det
    return x, total


def count(kind, function, x):
    graph = tf.function(function).get_concrete_function(x).graph
    return sum(op.type == kind for op in graph.get_operations())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("parities", [(0, 1, 0), (1, 1, 0), (0, 0)])
def test_a_chain_is_its_links_one_by_one(case, parities):
    links, x = couplings(case, parities)
    chain = bijectors.Chain(links)
    z, log_det = chain.inverse_and_log_det(x)
    wanted, wanted_log_det = one_by_one(links, x)
    np.testing.assert_allclose(z, wanted, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(log_det, wanted_log_det, rtol=1e-5, atol=1e-5)
    back, other = chain.forward_and_log_det(tf.identity(z))
    np.testing.assert_allclose(back, x, atol=1e-5)
    np.testing.assert_allclose(other, -log_det, rtol=1e-5, atol=1e-5)


def test_the_event_is_split_and_merged_once():
    links, x = couplings("halves", (0, 1, 0, 1))
    chain = bijectors.Chain(links)
    assert count("ConcatV2", chain.inverse, x) == 1
    assert count("ConcatV2", lambda x: one_by_one(links, x)[0], x) == 4
    assert (
        count("ConcatV2", bijectors.Chain([*links, bijectors.ActNorm((5,)), *links]).inverse, x)
        == 2
    )


def test_contexts_and_keywords_of_single_links_reach_them():
    links, x = couplings("halves", (0, 1, 0), context_shape=(2,))
    context = tf.constant(np.random.default_rng(1).normal(size=(3, 2)), tf.float32)
    chain = bijectors.Chain(links)
    wanted = one_by_one(links, x, context=context)[0]
    np.testing.assert_allclose(chain.inverse(x, context=context), wanted, rtol=1e-6, atol=1e-6)
    named = {link.name: {"context": context} for link in links}
    np.testing.assert_allclose(chain.inverse(x, **named), wanted, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="context"):
        chain.inverse(x)


def test_a_subclass_runs_its_own_passes():
    class Doubled(bijectors.Coupling):
        def _inverse_and_log_det(self, x, context=None):
            z, log_det = super()._inverse_and_log_det(x, context)
            return 2 * z, log_det + 5 * np.log(2.0)

    links, x = couplings("halves", (0, 1))
    doubled = Doubled(links[0].partition, transforms.Affine(), links[0].net, event_shape=(5,))
    z = bijectors.Chain([doubled, links[1]]).inverse(x)
    np.testing.assert_allclose(z, links[1].inverse(2 * links[0].inverse(x)), rtol=1e-6)


def test_couplings_of_other_partitions_or_shapes_are_not_joined():
    links, x = couplings("halves", (0, 1))
    other, _ = couplings("alternating", (0, 1))
    mixed = [links[0], other[0], links[1], other[1]]
    np.testing.assert_allclose(
        bijectors.Chain(mixed).inverse(x), one_by_one(mixed, x)[0], rtol=1e-6, atol=1e-6
    )
    with pytest.raises(ValueError, match="must be given events of shape"):
        bijectors.Chain(links).inverse(tf.zeros([3, 4]))


class Gathered(partitions.Partition):
    """Of a user: no dataclass, and what it keeps is an attribute."""

    event_ndims = 1

    def __init__(self, first, parity=0):
        object.__setattr__(self, "parity", parity)
        object.__setattr__(self, "first", np.array(first))

    def part_shapes(self, event_shape):
        size = len(self.first)
        return self._ordered((size,), (event_shape[0] - size,))

    def split(self, x):
        second = np.setdiff1d(np.arange(x.shape[-1]), self.first)
        return self._ordered(tf.gather(x, self.first, axis=-1), tf.gather(x, second, axis=-1))

    def merge(self, kept, moved):
        parts = self._ordered(kept, moved)
        size = sum(part.shape[-1] for part in parts)
        order = [*self.first, *np.setdiff1d(np.arange(size), self.first)]
        return tf.gather(tf.concat(parts, axis=-1), np.argsort(order), axis=-1)


def test_partitions_of_users_that_differ_in_an_attribute_are_not_joined():
    links = [
        bijectors.Coupling(
            Gathered(first),
            transforms.Affine(),
            lambda kept: tf.tile(kept, [1, 2]),
            event_shape=(4,),
        )
        for first in ([0, 1], [0, 2], [0, 2])
    ]
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 4)), tf.float32)
    wanted = one_by_one(links, x)[0]
    np.testing.assert_allclose(bijectors.Chain(links).inverse(x), wanted, rtol=1e-6)
