"""Two replicas train like one device."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import nets

tfd, tfb = tfp.distributions, tfp.bijectors


@pytest.fixture(scope="module")
def strategy():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def _flow():
    keras.utils.set_random_seed(1)
    net = nets.MLP((4,), activation="tanh", zero_init=False)
    flow = tfp_flows.flows.coupling_flow((2,), num_couplings=1, net=net)
    scale = tfb.Scale(tf.Variable([1.0, 2.0]))
    return tfd.TransformedDistribution(
        flow.distribution, tfp_flows.bijectors.Chain([scale, flow.bijector])
    )


def _model():
    model = tfp_flows.FlowModel(_flow())
    # Not Adam, which would forgive a loss that is too large by a factor.
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    return model


def _x(size=48):
    return np.random.default_rng(0).normal(1.0, 2.0, (size, 2)).astype("float32")


def test_two_replicas_train_like_one(strategy):
    options = {
        "batch_size": 8,
        "epochs": 2,
        "shuffle": False,
        "verbose": 0,
        "sample_weight": np.linspace(0, 2, 48, dtype="float32"),
        "validation_data": _x(16),
    }
    one = _model()
    with strategy.scope():
        two = _model()
    wanted = one.fit(_x(), **options).history
    got = two.fit(_x(), **options).history
    for key, values in wanted.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-5)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5)
    log_prob = two.predict(_x(), batch_size=8, verbose=0)
    np.testing.assert_allclose(log_prob, one.predict(_x(), verbose=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(two.sample(4, seed=1), one.sample(4, seed=1), atol=1e-4)


def test_a_last_batch_too_small_for_all_replicas_is_no_error(strategy):
    with strategy.scope():
        model = _model()
    history = model.fit(_x(9), batch_size=8, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_nan_on_one_replica_stops_both(strategy):
    with strategy.scope():
        model = _model()
    x = _x()
    x[20] = np.nan  # The second half of batch 2 goes to the second replica.
    wanted = _model()
    wanted.fit(x[:16], batch_size=8, shuffle=False, verbose=0)
    with pytest.raises(ValueError, match=r"The training data .* batch 2 of epoch 0"):
        model.fit(x, batch_size=8, shuffle=False, verbose=0)
    for a, b in zip(model.trainable_variables, wanted.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_weights_of_replicas_go_to_one_device_and_back(strategy, tmp_path):
    with strategy.scope():
        two = _model()
    two.fit(_x(), verbose=0)
    one = _model()
    two.save_weights(tmp_path / "two.weights.h5")
    one.load_weights(tmp_path / "two.weights.h5")
    np.testing.assert_allclose(one(_x()), two(_x()), rtol=1e-5)
    one.fit(_x(), verbose=0)
    one.save_weights(tmp_path / "one.weights.h5")
    two.load_weights(tmp_path / "one.weights.h5")
    np.testing.assert_allclose(one(_x()), two(_x()), rtol=1e-5)
    path = tf.train.Checkpoint(model=two).save(str(tmp_path / "two"))
    one = _model()
    tf.train.Checkpoint(model=one).restore(path).assert_existing_objects_matched()
    np.testing.assert_allclose(one(_x()), two(_x()), rtol=1e-5)
