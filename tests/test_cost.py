"""How often a density runs its networks: once each, and not at all for what was just sampled."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, partitions, transforms
from tfp_flows.bijectors.base import EventBijector

tfb, tfd = tfp.bijectors, tfp.distributions
HALVES = partitions.Halves()
EAGER, TRACING = "eager", "tracing"


class CountedNet(tf.Module):
    def __init__(self, counter, num_inputs):
        super().__init__()
        self._counter = counter
        values = np.random.default_rng(num_inputs).normal(size=(num_inputs, 4))
        self.kernel = tf.Variable(tf.constant(values, tf.float32))

    def __call__(self, *known):
        self._counter.append(1)
        return tf.tanh(tf.concat(known, axis=-1) @ self.kernel)


class Counted:
    """Couplings that share a count of the calls of their networks."""

    def __init__(self, context_shape=None):
        self.calls, self.num_couplings, self.context_shape = [], 0, context_shape

    def __call__(self, partition=HALVES):
        self.num_couplings += 1
        num_inputs = 2 if self.context_shape is None else 2 + self.context_shape[0]
        net = CountedNet(self.calls, num_inputs)
        return bijectors.Coupling(
            partition, transforms.Affine(), net, context_shape=self.context_shape
        )

    def pair(self):
        return [self(), self(HALVES.flipped())]


def base():
    return tfd.Sample(tfd.Normal(0.0, 1.0), 4)


def transformed(bijector):
    return tfd.TransformedDistribution(base(), bijector)


def inside_of_transformed(make):
    inner = transformed(bijectors.Chain(make.pair()))
    return tfd.TransformedDistribution(inner, bijectors.Chain([tfb.Scale(2.0), make()]))


def stock_around_and_between(make):
    inner = bijectors.Chain([tfb.Shift(1.0), *make.pair()])
    return transformed(tfb.Chain([tfb.Scale(2.0), inner, tfb.Invert(make())]))


FLOWS = {
    "one": lambda make: transformed(make()),
    "our Chain": lambda make: transformed(bijectors.Chain(make.pair())),
    "nested Chains": lambda make: transformed(
        bijectors.Chain([bijectors.Chain(make.pair()), tfb.Scale(2.0), make()])
    ),
    "inverted link": lambda make: transformed(bijectors.Chain([tfb.Invert(make()), make()])),
    "inverted Chain as a link": lambda make: transformed(
        bijectors.Chain([tfb.Invert(bijectors.Chain(make.pair())), make()])
    ),
    "Invert of Invert": lambda make: transformed(
        tfb.Invert(tfb.Invert(bijectors.Chain(make.pair())))
    ),
    "Independent": lambda make: tfd.Independent(transformed(bijectors.Chain(make.pair())), 0),
    "TransformedDistribution of TransformedDistribution": inside_of_transformed,
}
STOCK_AROUND = {
    "tfb.Chain": lambda make: transformed(tfb.Chain(make.pair())),
    "stock around and between": stock_around_and_between,
}


@pytest.fixture(params=[EAGER, TRACING])
def run(request):
    """Runs a function, or traces it, and gives how often the networks were called."""

    def count(make, function):
        make.calls.clear()
        if request.param == EAGER:
            function()
        else:
            tf.function(function, autograph=False).get_concrete_function()
        return len(make.calls)

    return count


@pytest.fixture(params=FLOWS | STOCK_AROUND)
def case(request):
    make = Counted()
    return make, (FLOWS | STOCK_AROUND)[request.param](make)


def test_a_density_runs_each_network_once(case, run):
    make, flow = case
    assert run(make, lambda: flow.log_prob(tf.ones([3, 4]))) == make.num_couplings


def test_a_sample_runs_each_network_once(case, run):
    make, flow = case
    assert run(make, lambda: flow.sample(3)) == make.num_couplings


def test_the_density_of_a_sample_runs_no_network_again(case, run):
    make, flow = case
    # `tfd.Independent` reshapes what it samples, so that no cache knows it.
    again = make.num_couplings if flow.name.startswith("Independent") else 0
    calls = run(make, lambda: flow.log_prob(flow.sample(3)))
    assert calls == make.num_couplings + again


def test_sample_and_log_prob_runs_each_network_once(case, run):
    make, flow = case
    calls = run(make, lambda: flow.experimental_sample_and_log_prob(3))
    assert calls == make.num_couplings


def test_a_training_step_runs_each_network_once(case, run):
    make, flow = case

    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(tf.ones([3, 4])))
        return tape.gradient(loss, flow.trainable_variables)

    assert run(make, step) == make.num_couplings


@pytest.mark.parametrize("name", [n for n in FLOWS if n != "Independent"])
def test_contexts_cost_no_further_call(name, run):
    make = Counted(context_shape=(3,))
    flow = FLOWS[name](make)
    context = {"context": tf.ones([3, 3])}
    kwargs = {"bijector_kwargs": context}
    if name == "TransformedDistribution of TransformedDistribution":
        kwargs["distribution_kwargs"] = {"bijector_kwargs": context}

    def density():
        return flow.log_prob(tf.ones([3, 4]), **kwargs)

    def density_of_sample():
        return flow.log_prob(flow.sample(3, **kwargs), **kwargs)

    assert run(make, density) == make.num_couplings
    assert run(make, density_of_sample) == make.num_couplings


def test_contexts_reach_a_flow_through_independent(run):
    make = Counted(context_shape=(3,))
    flow = FLOWS["Independent"](make)
    kwargs = {"bijector_kwargs": {"context": tf.ones([3, 3])}}
    calls = run(make, lambda: flow.log_prob(tf.ones([3, 4]), **kwargs))
    assert calls == make.num_couplings


def test_value_and_log_det_past_the_cache_run_the_network_once(run):
    make = Counted()
    chain = bijectors.Chain(make.pair())
    assert run(make, lambda: chain.inverse_and_log_det(tf.ones([3, 4]))) == 2
    assert run(make, lambda: chain.forward_and_log_det(tf.ones([3, 4]))) == 2


def test_a_log_det_alone_runs_the_network_once(run):
    make = Counted()
    chain = bijectors.Chain(make.pair())
    assert run(make, lambda: chain.inverse_log_det_jacobian(tf.ones([3, 4]))) == 2
    assert run(make, lambda: chain.forward_log_det_jacobian(tf.ones([3, 4]))) == 2


def test_stock_real_nvp_runs_its_network_twice():
    make = Counted()
    net = CountedNet(make.calls, 2)

    def shift_and_log_scale(x, units, **kwargs):
        del units, kwargs
        return tf.split(net(x), 2, axis=-1)

    flow = transformed(tfb.RealNVP(num_masked=2, shift_and_log_scale_fn=shift_and_log_scale))
    flow.log_prob(tf.ones([3, 4]))
    assert len(make.calls) == 2, "TFP runs it once by now: say so in guarantees.md"


def test_a_learned_layer_reads_its_parameters_once(run):
    class CountedLayer(bijectors.Elementwise):
        def _parameters_for(self, event, context):
            make.calls.append(1)
            return super()._parameters_for(event, context)

    make = Counted()
    layer = CountedLayer(transforms.Affine(), (4,))
    assert isinstance(layer, EventBijector)
    assert run(make, lambda: transformed(layer).log_prob(tf.ones([3, 4]))) == 1
