"""What cannot be exported is refused; what can is complete."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import export, flows, nets

tfd, tfb = tfp.distributions, tfp.bijectors


def _flow(context_shape=None):
    net = nets.MLP((4,), zero_init=False)
    return flows.coupling_flow((2,), num_couplings=2, net=net, context_shape=context_shape)


@pytest.mark.parametrize("given", [None, tfb.Exp(), lambda x: x], ids=["none", "bijector", "f"])
def test_what_is_no_distribution_is_refused(given, tmp_path):
    with pytest.raises(TypeError, match="`flow` must be a TFP distribution; got"):
        export.save(given, str(tmp_path))


def test_a_model_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"got <FlowModel.* give the `\.distribution`"):
        export.save(tfp_flows.FlowModel(_flow()), str(tmp_path))


def test_what_is_no_single_distribution_is_refused(tmp_path):
    joint = tfd.JointDistributionSequential([tfd.Normal(0.0, 1.0), tfd.Normal(0.0, 1.0)])
    with pytest.raises(TypeError, match="`flow` must have events of one tensor; got"):
        export.save(joint, str(tmp_path))
    with pytest.raises(ValueError, match=r"of batch shape \(2,\)"):
        export.save(tfd.Normal([0.0, 1.0], 1.0), str(tmp_path))


def test_wrong_input_is_refused_by_the_loaded_functions(tmp_path):
    export.save(_flow(context_shape=(3,)), tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    x, context = tf.zeros([4, 2]), tf.zeros([4, 3])
    assert loaded.log_prob(x, context).shape == 4
    for bad in ((x,), (tf.zeros([4, 3]), context), (x, x), (tf.zeros([4, 2], tf.int32), context)):
        with pytest.raises((TypeError, ValueError)):
            loaded.log_prob(*bad)
    with pytest.raises(tf.errors.InvalidArgumentError):
        loaded.log_prob(x, tf.zeros([3, 3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`context` must be `count` contexts"):
        loaded.sample(4, 0, tf.zeros([3, 3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`count` must be at least 0; got"):
        loaded.sample(-1, 0, context[:1])
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(tf.errors.InvalidArgumentError, match="`temperature` must be finite"):
            loaded.sample(4, 0, context, bad)


def test_one_context_serves_all_events(tmp_path):
    flow = _flow(context_shape=(3,))
    export.save(flow, tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    x, context = tf.ones([4, 2]), tf.ones([1, 3])
    wanted = flow.log_prob(x, bijector_kwargs={"context": tf.ones([4, 3])})
    np.testing.assert_allclose(loaded.log_prob(x, context), wanted, rtol=1e-5)
    wanted = loaded.sample(4, 0, tf.ones([4, 3]))
    np.testing.assert_allclose(loaded.sample(4, 0, context), wanted, rtol=1e-5)


def test_samples_of_model_and_export_agree_for_a_seed(tmp_path):
    flow = _flow()
    export.save(flow, tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    for seed in (3, -1, 2**31 - 1, -(2**31)):
        wanted = tfp_flows.FlowModel(flow).sample(5, seed=seed)
        np.testing.assert_allclose(loaded.sample(5, seed), wanted, rtol=1e-5)


def test_every_variable_is_in_the_file_once(tmp_path):
    flow = _flow()
    model = tfp_flows.FlowModel(flow)
    model.compile(keras.optimizers.Adam())
    model.fit(np.ones([8, 2], "float32"), verbose=0)
    export.save(flow, tmp_path)
    stored = tf.train.list_variables(str(tmp_path / "variables" / "variables"))
    stored = [name for name, _ in stored if name != "_CHECKPOINTABLE_OBJECT_GRAPH"]
    assert len(stored) == len(flow.variables)
    wanted = flow.log_prob(np.ones([1, 2], "float32"))
    flow.variables[0].assign_add(tf.ones_like(flow.variables[0]))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.log_prob(tf.ones([1, 2])), wanted, rtol=1e-5)
