"""What `Chain(recompute=...)` keeps, what it costs, and what it refuses."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, partitions, transforms
from tfp_flows.bijectors import recompute
from tfp_flows.bijectors.links import Told, steps_of

tfb = tfp.bijectors
MODES = ("inverse", "checkpoint")
HALVES = partitions.Halves()


class Linear(tf.Module):
    """Counts its runs; adds noise if it is told so."""

    def __init__(self, num_params=2, noise=0.0):
        super().__init__()
        self.runs, self.noise = 0, noise
        values = np.random.default_rng(0).normal(size=(2, num_params * 2))
        self.kernel = tf.Variable(tf.constant(values, tf.float32))

    def __call__(self, kept):
        self.runs += 1
        raw = tf.tanh(kept @ self.kernel)
        return raw + self.noise * tf.random.normal(tf.shape(raw))


def coupling(net=None, transform=transforms.Affine(), partition=HALVES):
    return bijectors.Coupling(partition, transform, net or Linear(transform.num_params))


def gradient(chain, x, way="inverse"):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_det = getattr(chain, f"{way}_and_log_det")(x)
        loss = tf.reduce_sum(tf.sin(z)) + tf.reduce_sum(log_det)
    return tape.gradient(loss, x)


def kept(links, way, mode):
    """Whether the input of each link is kept."""
    chain = bijectors.Chain(links)
    ordered = links if way == "inverse" else links[::-1]
    steps = steps_of(ordered, way, chain.forward_min_event_ndims)
    passes = recompute._run(steps, tf.ones([3, 4]), Told(None, {}), mode)[2]
    return [one.start is not None for one in passes]


def test_a_checkpoint_is_the_input_of_every_link():
    assert kept([coupling(), tfb.Shift(1.0), coupling()], "inverse", "checkpoint") == [True] * 3


def test_the_first_input_is_enough_for_inverses():
    links = [tfb.Shift(1.0), coupling(), bijectors.ActNorm((4,)), coupling()]
    for way in ("inverse", "forward"):
        assert kept(links, way, "inverse") == [True, False, False, False]


def test_links_without_a_cheap_inverse_keep_their_input():
    mixture = coupling(transform=transforms.LogisticMixture(2))
    links = [coupling(), mixture, tfb.Invert(coupling()), tfb.Softplus(), coupling()]
    assert kept(links, "inverse", "inverse") == [True, True, True, True, False]
    # In this direction the way back is the one in closed form.
    assert kept(links, "forward", "inverse") == [True, True, True, False, False]


def test_errors_of_inverses_add_up_over_few_links():
    places = np.flatnonzero(kept([tfb.Shift(1.0)] * 40, "inverse", "inverse"))
    np.testing.assert_array_equal(places, [0, 16, 32])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", ["inverse", "forward"])
def test_each_network_runs_twice(mode, way):
    networks = [Linear() for _ in range(4)]
    chain = bijectors.Chain([coupling(net) for net in networks], recompute=mode)
    for net in networks:
        net.runs = 0
    gradient(chain, tf.ones([3, 4]), way)
    assert [net.runs for net in networks] == [2] * 4


@pytest.mark.parametrize("mode", MODES)
def test_noise_that_cannot_be_drawn_again_is_told(mode):
    links = [coupling(Linear(noise=0.5)), coupling(partition=HALVES.flipped())]
    chain, x = bijectors.Chain(links, recompute=mode), tf.ones([3, 4])
    for function in (gradient, tf.function(gradient)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="`recompute` must be able to do"):
            function(chain, x)
    # Which knows no errors.
    assert np.all(np.isnan(tf.function(gradient, jit_compile=True)(chain, x)))


def test_an_inverse_that_is_none_is_told():
    class Wrong(tfb.Shift):
        def _forward(self, x):
            return x + 1.5 * self.shift

    chain = bijectors.Chain([coupling(), Wrong(1.0), tfb.Shift(1.0)], recompute="inverse")
    with pytest.raises(tf.errors.InvalidArgumentError, match='use `recompute="checkpoint"`'):
        gradient(chain, tf.ones([3, 4]))


@pytest.mark.parametrize("traced", [False, True])
def test_second_derivatives_are_refused(traced):
    chain = bijectors.Chain([coupling()], recompute="inverse")

    def second(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            first = tf.reduce_sum(gradient(chain, x))
        return tape.gradient(first, x)

    with pytest.raises(NotImplementedError, match=r"Second derivatives .* need `recompute=None`"):
        (tf.function(second) if traced else second)(tf.ones([3, 4]))


def test_events_that_are_not_finite_are_left_to_others():
    chain = bijectors.Chain([coupling(), coupling()], recompute="inverse")
    x = tf.constant([[np.nan, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    assert np.any(np.isnan(gradient(chain, x)[0]))


def test_an_empty_batch_has_an_empty_gradient():
    chain = bijectors.Chain([coupling(), coupling()], recompute="inverse")
    for function in (gradient, tf.function(gradient)):
        assert function(chain, tf.ones([0, 4])).shape == (0, 4)


@pytest.mark.parametrize("mode", ["invert", "", True, 3], ids=str)
def test_other_modes_are_told(mode):
    with pytest.raises(ValueError, match='`recompute` must be "inverse", "checkpoint" or None'):
        bijectors.Chain([tfb.Exp()], recompute=mode)
