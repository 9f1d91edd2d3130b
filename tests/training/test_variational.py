"""Flows fitted to densities that are known up to a constant."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import flows, nets, training

tfd, tfb = tfp.distributions, tfp.bijectors


def _flow(num_couplings=4):
    keras.utils.set_random_seed(0)
    net = nets.MLP((16, 16), activation="tanh")
    return flows.coupling_flow((2,), num_couplings=num_couplings, net=net)


def _banana(x):
    """Normalized but for a factor of exp(3)."""
    first = tfd.Normal(0.0, 1.0).log_prob(x[:, 0])
    return 3.0 + first + tfd.Normal(0.5 * x[:, 0] ** 2, 0.5).log_prob(x[:, 1])


def _model(target=_banana, flow=None, optimizer=None, num_samples=128, **kwargs):
    model = training.VariationalModel(flow or _flow(), target, num_samples=num_samples)
    model.compile(optimizer or keras.optimizers.Adam(1e-2), **kwargs)
    return model


@pytest.mark.slow
def test_the_elbo_comes_up_to_the_evidence():
    model = _model()
    before = model.evaluate(steps=10, verbose=0, return_dict=True)
    model.fit(epochs=4, steps_per_epoch=100, verbose=0)
    after = model.evaluate(steps=20, verbose=0, return_dict=True)
    assert before["elbo"] < 2.5
    assert before["ess"] < 0.8
    np.testing.assert_allclose(after["elbo"], 3.0, atol=0.1)
    assert after["elbo"] < 3.01
    assert after["ess"] > 0.85
    np.testing.assert_allclose(after["loss"], -after["elbo"], rtol=1e-5)
    np.testing.assert_allclose(model.log_evidence(2000, seed=0), 3.0, atol=0.03)
    np.testing.assert_array_equal(model.log_evidence(300, seed=1), model.log_evidence(300, seed=1))
    x = model.distribution.sample(4000, seed=0)
    np.testing.assert_allclose(np.mean(x, axis=0), [0.0, 0.5], atol=0.12)


def test_the_gradient_is_that_of_the_samples():
    # Of KL[N(m, 1) || N(2, 1)]: m - 2, exactly, as the entropy does not change.
    place = tf.Variable([0.5, 0.5])
    flow = tfd.Independent(tfd.Normal(place, 1.0), 1)
    target = tfd.Independent(tfd.Normal([2.0, 2.0], 1.0), 1).log_prob
    model = _model(target, flow, keras.optimizers.SGD(0.5), num_samples=10000)
    model.fit(epochs=1, steps_per_epoch=1, verbose=0)
    np.testing.assert_allclose(place, 1.25, atol=0.03)
    np.testing.assert_allclose(model.log_evidence(20000, seed=0), 0.0, atol=0.05)


def test_networks_run_once_in_a_step():
    flow = _flow(1)
    model = _model(flow=flow, run_eagerly=True)
    (coupling,) = (link for link in flow.bijector.bijectors if hasattr(link, "net"))
    calls, inner = [], coupling.net.call
    coupling.net.call = lambda *args, **kwargs: calls.append(1) or inner(*args, **kwargs)
    model.fit(epochs=1, steps_per_epoch=3, verbose=0)
    assert len(calls) == 3


def test_a_pinned_joint_distribution():
    joint = tfd.JointDistributionSequential(
        [
            tfd.Sample(tfd.Normal(0.0, 1.0), 2),
            lambda z: tfd.Independent(tfd.Normal(z, 0.5), 1),
        ]
    )
    pinned = joint.experimental_pin(None, tf.constant([1.0, -0.5]))
    (space,) = pinned.experimental_default_event_space_bijector().bijectors
    flow = tfd.TransformedDistribution(_flow(2), space)
    model = _model(lambda z: pinned.unnormalized_log_prob([z]), flow)
    model.fit(epochs=2, steps_per_epoch=100, verbose=0)
    evidence = tfd.Normal(0.0, np.sqrt(1.25)).log_prob([1.0, -0.5])
    np.testing.assert_allclose(model.log_evidence(2000, seed=0), np.sum(evidence), atol=0.03)


def test_a_target_that_is_not_finite_stops_at_its_step():
    def target(x):
        return tf.where(x[:, 0] > 1.0, np.nan, _banana(x))

    with pytest.raises(training.NonFiniteError, match=r"The loss .* batch 0 of epoch 0") as caught:
        _model(target).fit(epochs=1, steps_per_epoch=2, verbose=0)
    assert "`target_log_prob` is not finite for a new sample [" in str(caught.value)
    with pytest.raises(ValueError, match="must be numbers; got NaN"):
        _model(target).log_evidence(100)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_callbacks_and_files(tmp_path):
    model, other = _model(), _model()
    path = str(tmp_path / "best.weights.h5")
    save = keras.callbacks.ModelCheckpoint(
        path, save_weights_only=True, save_best_only=True, monitor="elbo", mode="max"
    )
    model.fit(epochs=2, steps_per_epoch=20, verbose=0, callbacks=[save, training.Rollback()])
    other.load_weights(path)
    x = model.distribution.sample(3)
    np.testing.assert_allclose(other.distribution.log_prob(x), model.distribution.log_prob(x), 1e-4)
    with pytest.raises(ValueError, match="cannot be written to a config"):
        model.save(tmp_path / "model.keras")


@pytest.mark.slow
def test_replicas_share_the_samples(mirrored):
    with mirrored.scope():
        model = _model(flow=_flow(1), num_samples=64)
    history = model.fit(epochs=1, steps_per_epoch=20, verbose=0).history
    one = _model(flow=_flow(1), num_samples=64).fit(epochs=1, steps_per_epoch=20, verbose=0).history
    np.testing.assert_allclose(history["elbo"], one["elbo"], atol=0.3)
    np.testing.assert_allclose(history["loss"], -np.array(history["elbo"]), rtol=1e-4)


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="`target_log_prob` must be callable; got 3"):
        training.VariationalModel(_flow(1), 3)
    with pytest.raises(ValueError, match="`num_samples` must be"):
        training.VariationalModel(_flow(1), _banana, num_samples=0)
    model = _model()
    with pytest.raises(TypeError, match=r"no data; got \['x'\]"):
        model.fit(np.zeros([4, 2]))
    with pytest.raises(TypeError, match=r"no data; got \['validation_data'\]"):
        model.fit(validation_data=np.zeros([4, 2]))
    with pytest.raises(TypeError, match=r"no data; got \['x'\]"):
        model.evaluate(np.zeros([4, 2]))
    with pytest.raises(
        ValueError, match=r"one number for each of 128 samples; got shape \(128, 2\)"
    ):
        _model(lambda x: x)


def test_each_replica_draws_a_sample_at_least(mirrored):
    with mirrored.scope():
        flow = _flow(1)
        match = "`num_samples` must be at least 2, one for each replica; got 1"
        with pytest.raises(ValueError, match=match):
            training.VariationalModel(flow, _banana, num_samples=1)
