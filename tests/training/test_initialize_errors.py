"""Batches that cannot initialize a flow."""

import keras
import numpy as np
import pytest

import tfp_flows
from tfp_flows import flows, nets
from tfp_flows.training.initialize import needs_initialization


def make():
    keras.utils.set_random_seed(0)
    net = nets.GlowNet(4)
    return flows.glow((4, 4, 1), num_levels=2, num_steps=1, net=net)


def data(n=32):
    return np.random.default_rng(0).random((n, 4, 4, 1)).astype("float32")


def values(flow):
    return [np.asarray(v) for v in flow.variables]


def nan():
    x = data()
    x[3, 1, 2, 0] = np.nan
    return x


BAD = {
    "empty": (lambda: data(0), ValueError, "`batch` must hold at least one event; got shape"),
    "NaN": (nan, ValueError, r"`batch` must be finite; .* first at index \[3, 1, 2, 0\]"),
    "shape": (lambda: data()[:, :3], ValueError, r"`x` must have shape \[batch, 4, 4, 1\]; got"),
    "integers": (lambda: data().astype(int), TypeError, "`x` must be floating .*; got int64"),
    "no batch": (lambda: data()[0], ValueError, r"`x` must have shape \[batch, 4, 4, 1\]"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_batches(kind):
    batch, error, message = BAD[kind]
    flow = make()
    before = values(flow)
    with pytest.raises(error, match=message):
        tfp_flows.training.initialize(flow, batch())
    for a, b in zip(values(flow), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_no_flow():
    with pytest.raises(TypeError, match="`flow` must be"):
        tfp_flows.training.initialize(make().bijector, data())


def test_a_constant_batch_is_finite_and_warns():
    flow = make()
    with pytest.warns(UserWarning, match="constant in the channels"):
        tfp_flows.training.initialize(flow, np.full([32, 4, 4, 1], 0.5, "float32"))
    assert all(np.isfinite(v).all() for v in values(flow))
    assert not needs_initialization(flow)
    assert np.isfinite(flow.log_prob(data())).all()
