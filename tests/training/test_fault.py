"""A fault is told with its batch, its place and its layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, flows, nets, training

tfd, tfb = tfp.distributions, tfp.bijectors

MODES = {
    "graph": {},
    "steps": {"steps_per_execution": 3},
    "eager": {"run_eagerly": True},
    "xla": {"jit_compile": True},
}


def _flow(**kwargs):
    net = nets.MLP((4,), activation="tanh", zero_init=False)
    return flows.coupling_flow((2,), num_couplings=2, net=net, **kwargs)


def _with_a_root():
    """A layer that has no inverse below 0, behind one that has: `x = sqrt(y)` for a given x."""
    chain = bijectors.Chain([tfb.Shift(tf.Variable([0.0, 0.0])), tfb.Square(), tfb.Scale(2.0)])
    return tfd.TransformedDistribution(distributions.standard_normal((2,)), chain)


def _x(count=6):
    """Batches of 4 events; the one of batch 4 has an event that the root refuses."""
    x = np.random.default_rng(0).uniform(1.0, 2.0, (count, 4, 2)).astype("float32")
    x[4, 2, 1] = -1.0
    return x


def _fault(model, data, **kwargs):
    with pytest.raises(training.NonFiniteError) as caught:
        model.fit(data, verbose=0, **kwargs)
    return caught.value


@pytest.mark.parametrize("mode", MODES)
def test_the_batch_the_layer_and_the_event_are_named(mode):
    model = training.FlowModel(_with_a_root())
    model.compile("sgd", **MODES[mode])
    x = _x()
    fault = _fault(model, tf.data.Dataset.from_tensor_slices(x))
    assert (fault.what, fault.batch, fault.epoch) == ("The loss", 4, 0)
    assert fault.layer == "1 square"
    np.testing.assert_array_equal(fault.inputs, x[4])
    assert "It begins in layer `1 square`, at index [2, 1] of its result." in str(fault)


def test_where_the_batch_cannot_be_kept_the_message_says_so():
    model = training.FlowModel(_with_a_root())
    model.compile("sgd", jit_compile=True, steps_per_execution=3)
    fault = _fault(model, tf.data.Dataset.from_tensor_slices(_x()))
    assert (fault.batch, fault.layer, fault.inputs) == (4, None, None)
    assert "with XLA `steps_per_execution` must be 1 for that." in str(fault)


def test_replicas_put_their_parts_of_the_batch_together(mirrored):
    with mirrored.scope():
        model = training.FlowModel(_with_a_root())
    model.compile("sgd")
    x = _x()
    fault = _fault(model, x.reshape(-1, 2), batch_size=4, shuffle=False)
    assert (fault.batch, fault.layer) == (4, "1 square")
    np.testing.assert_array_equal(fault.inputs, x[4])


def test_the_place_in_the_data_is_named():
    x = np.abs(_x())
    x[1, 3, 0] = np.nan
    model = training.FlowModel(_flow())
    model.compile("sgd")
    fault = _fault(model, tf.data.Dataset.from_tensor_slices(x))
    assert fault.layer is None
    assert str(fault).endswith("It begins at index [3, 0] of `x` in that batch.")


def test_contexts_are_part_of_the_batch():
    model = training.FlowModel(_flow(context_shape=(1,)))
    model.compile("sgd")
    x = np.abs(_x()).reshape(-1, 2)
    context = np.ones((24, 1), "float32")
    context[9] = np.inf
    fault = _fault(model, {"x": x, "context": context}, batch_size=4, shuffle=False)
    assert set(fault.inputs) == {"x", "context"}
    np.testing.assert_array_equal(fault.inputs["x"], x[8:12])
    assert "at index [1, 0] of `context`" in str(fault)


def test_the_variable_of_a_gradient_is_named():
    root = tfp.util.DeferredTensor(tf.Variable(0.0, name="slope"), lambda v: 1.0 + tf.sqrt(v))
    model = training.FlowModel(tfd.Normal(root, 1.0))
    model.compile("sgd")
    fault = _fault(model, np.zeros(4, "float32"))
    assert str(fault).endswith("It is that of `slope:0`.")


def test_integers_are_looked_at_as_the_flow_sees_them():
    model = training.FlowModel(distributions.Dequantized(_flow(logit_alpha=0.05), 256))
    model.compile("sgd")
    # Behind the logit, the first layer.
    model.distribution.flow.bijector.bijectors[2].net.trainable_variables[0].assign(
        np.nan * np.ones((1, 4), "float32")
    )
    fault = _fault(model, np.full((8, 2), 200, np.uint8))
    assert fault.layer == "2 coupling"
    np.testing.assert_array_equal(fault.inputs, 200)


def test_evaluations_name_the_layer_too():
    model = training.FlowModel(_with_a_root())
    model.compile(keras.optimizers.SGD(0.0))
    with pytest.raises(training.NonFiniteError, match="layer `1 square`") as caught:
        model.fit(np.abs(_x()[0]), validation_data=_x()[4], verbose=0)
    assert caught.value.epoch is None
    np.testing.assert_array_equal(caught.value.inputs, _x()[4])


def test_a_batch_of_an_earlier_fit_is_not_taken_for_the_bad_one():
    model = training.FlowModel(_with_a_root())
    model.compile(keras.optimizers.SGD(0.0))
    model.fit(np.abs(_x()[0]).astype("float64"), verbose=0)
    fault = _fault(model, _x()[4], shuffle=False)
    np.testing.assert_array_equal(fault.inputs, _x()[4])
    assert fault.inputs.dtype == np.float32
