"""Networks may compute in 16 bits; densities, losses and weights never do."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, nets, partitions

tfd = tfp.distributions


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def test_mixed_precision_keeps_densities_in_32_bits(policy):
    event_shape = (4,) if policy == "mixed_float16" else (4, 4, 1)
    net = nets.MLP((8,), zero_init=False) if len(event_shape) == 1 else nets.ConvResNet(2, 1)
    flow = tfp_flows.flows.coupling_flow(event_shape, num_couplings=1, net=net)
    model = tfp_flows.FlowModel(flow)
    model.compile(keras.optimizers.Adam(1e-2))
    x = np.random.default_rng(0).normal(size=(32, *event_shape)).astype("float32")
    assert flow.bijector.bijectors[0].net.compute_dtype == policy.removeprefix("mixed_")
    assert model.compute_dtype == "float32"
    # But the progress of the training, which counts.
    assert {v.dtype for v in model.variables} == {"float32", "int64"}
    before = model.evaluate(x, verbose=0)[0]
    history = model.fit(x, epochs=5, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert history[-1] < before
    log_prob = model.predict(x, verbose=0)
    assert log_prob.dtype == np.float32
    assert np.isfinite(log_prob).all()
    # Sums of hundreds in 16 bits would be off by tenths.
    exact = flow.distribution.log_prob(flow.bijector.inverse(x))
    exact += flow.bijector.inverse_log_det_jacobian(x, event_ndims=len(event_shape))
    np.testing.assert_allclose(log_prob, exact, rtol=1e-2, atol=1e-2)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_float16_networks_train_with_a_scaled_loss(tmp_path):
    scaling = keras.optimizers.LossScaleOptimizer
    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")

    def model(dtype, optimizer="adam", **kwargs):
        net = nets.MLP((4,), dtype=dtype, zero_init=False)
        made = tfp_flows.FlowModel(tfp_flows.flows.coupling_flow((2,), num_couplings=1, net=net))
        made.compile(optimizer, **kwargs)
        return made

    assert not isinstance(model("mixed_bfloat16").optimizer, scaling)
    assert not isinstance(model("mixed_float16", auto_scale_loss=False).optimizer, scaling)
    given = scaling(keras.optimizers.Adam(), initial_scale=8.0)
    assert model("mixed_float16", given).optimizer is given
    half = model("mixed_float16")
    half.fit(x, batch_size=8, verbose=0)
    assert isinstance(half.optimizer, scaling)
    assert float(half.optimizer.dynamic_scale) > 1
    half.save(tmp_path / "half.keras")
    again = keras.saving.load_model(tmp_path / "half.keras")
    assert isinstance(again.optimizer, scaling)
    assert int(again.optimizer.iterations) == int(half.optimizer.iterations) > 0


def test_a_layer_in_float16_is_found_inside_of_a_network():
    net = keras.Sequential([keras.layers.Dense(2, dtype="float16")], name="outer")
    coupling = bijectors.AffineCoupling(partitions.Halves(), net, event_shape=(2,))
    base = tfp_flows.distributions.standard_normal((2,))
    model = tfp_flows.FlowModel(tfd.TransformedDistribution(base, bijectors.Chain([coupling])))
    model.compile()
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)


def test_half_precision_data_become_float32():
    flow = tfp_flows.flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((4,)))
    model = tfp_flows.FlowModel(flow)
    model.compile()
    x = np.random.default_rng(0).normal(size=(32, 2))
    wanted = flow.log_prob(tf.cast(x, tf.float32))
    for dtype in (tf.float16, tf.bfloat16, tf.float64):
        data = tf.data.Dataset.from_tensors(tf.cast(x, dtype))
        got = model.predict(data, verbose=0)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wanted, atol=0.1)
