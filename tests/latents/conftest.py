import contextlib
import functools

import keras
import numpy as np
import pytest
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, flows, nets
from tfp_flows.testing.subject import scrambled


def one_level(event_shape=(8, 8, 1), context_shape=None, **kwargs):
    net = nets.ConvResNet(2, 1) if len(event_shape) == 3 else nets.MLP((4,))
    return flows.coupling_flow(
        event_shape, num_couplings=2, net=net, context_shape=context_shape, **kwargs
    )


def two_levels(context_shape=None):
    """Latents of shapes (4, 4, 2) and (2, 2, 8), as one vector of 64."""
    fine = one_level((8, 8, 1), context_shape).bijector
    coarse = one_level((2, 2, 8), context_shape).bijector
    levels = [
        bijectors.Chain([fine, bijectors.Squeeze()]),
        bijectors.Chain([bijectors.Squeeze(), coarse]),
    ]
    bijector = bijectors.multi_scale(levels, (8, 8, 1))
    return tfp.distributions.TransformedDistribution(distributions.standard_normal((64,)), bijector)


MAKERS = {"one level": one_level, "two levels": two_levels}


MOVED = contextlib.ExitStack()


@functools.cache
def off_its_start(name, context_shape=None):
    """Made once in a process: that takes longer than most tests."""
    keras.utils.set_random_seed(0)
    made = MAKERS[name](context_shape=context_shape)
    MOVED.enter_context(scrambled(made.bijector, scale=0.3, seed=7))
    return made


@pytest.fixture(params=MAKERS)
def flow(request):
    """A flow of images (8, 8, 1) that is not the identity, of one level or of two."""
    return off_its_start(request.param)


@pytest.fixture(params=MAKERS)
def conditional(request):
    """The same with contexts (3,)."""
    return off_its_start(request.param, context_shape=(3,))


@pytest.fixture
def two():
    """The flow of two levels."""
    return off_its_start("two levels")


@pytest.fixture
def images():
    """Makes random images of a batch shape."""
    rng = np.random.default_rng(0)
    return lambda *batch: rng.normal(size=(*batch, 8, 8, 1)).astype("float32")
