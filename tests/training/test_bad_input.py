"""Bad input is refused by name, with what was wanted and what came."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import nets

tfd, tfb = tfp.distributions, tfp.bijectors


def _model(context_shape=None):
    flow = tfp_flows.flows.coupling_flow(
        (2,), num_couplings=1, net=nets.MLP((4,)), context_shape=context_shape
    )
    model = tfp_flows.FlowModel(flow)
    model.compile()
    return model


def _refuses(error, match, model, inputs, **kwargs):
    """In `fit`, `evaluate`, `predict`, from arrays and datasets of unknown batch size."""
    for method in (model.fit, model.evaluate, model.predict):
        with pytest.raises(error, match=match):
            method(inputs, verbose=0, **kwargs)
    data = tf.data.Dataset.from_tensor_slices(inputs).batch(4)
    with pytest.raises(error, match=match):
        model.fit(data, verbose=0)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "bool"])
def test_integers_are_refused_by_a_continuous_flow(dtype):
    match = rf"`x` must be floating for a continuous distribution; got {dtype}.*Dequantize"
    _refuses(TypeError, match, _model(), np.zeros([8, 2], dtype))


def test_a_model_works_after_a_refusal():
    model = _model()
    with pytest.raises(TypeError, match="Dequantize"):
        model.fit(np.zeros([8, 2], "int32"), verbose=0)
    model.fit(np.zeros([8, 2], "float32"), verbose=0)


@pytest.mark.parametrize("shape", [(8,), (8, 3), (8, 1), (8, 2, 1), (8, 5, 2), (2, 2, 2)])
def test_events_of_another_shape_are_refused(shape):
    match = r"`x` must have shape \[batch, 2\]; got \("
    _refuses(ValueError, match, _model(), np.zeros(shape, "float32"))


def test_single_numbers_are_not_vectors():
    model = tfp_flows.FlowModel(tfd.Normal(tf.Variable(0.0), 1.0))
    model.compile()
    _refuses(ValueError, r"`x` must have shape \[batch\]; got", model, np.zeros([8, 2], "float32"))


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        (np.zeros([8, 2], "float32"), "`context` must be given"),
        ({"x": np.zeros([8, 2]), "context": np.zeros([8, 4])}, r"`context` must have shape .*4\)"),
        ({"x": np.zeros([8, 2]), "y": np.zeros([8, 3])}, r"the keys \"x\" and \"context\"; got"),
        ({"x": np.zeros([8, 2])}, r"the keys \"x\" and \"context\"; got \['x'\]"),
    ],
)
def test_a_context_that_is_missing_or_misshapen_is_refused(inputs, match):
    _refuses(ValueError, match, _model(context_shape=(3,)), inputs)


def test_a_context_that_nobody_takes_is_refused():
    inputs = {"x": np.zeros([8, 2], "float32"), "context": np.zeros([8, 3], "float32")}
    match = r"`context` must not be given: .* takes none; got shape"
    _refuses(ValueError, match, _model(), inputs)
    for stock in (
        tfd.Independent(tfd.Normal(tf.Variable([0.0, 0.0]), 1.0), 1),
        tfd.TransformedDistribution(
            tfd.Sample(tfd.Normal(0.0, 1.0), [2]), tfb.Chain([tfb.Shift(tf.Variable([0.0, 1.0]))])
        ),
    ):
        model = tfp_flows.FlowModel(stock)
        model.compile()
        _refuses(ValueError, match, model, inputs)


def test_a_context_of_another_batch_is_refused():
    model = _model(context_shape=(3,))
    match = r"`context` must have the batch shape \(8,\) of the events; got shape \(5, 3\)"
    with pytest.raises(ValueError, match=match):
        model({"x": np.zeros([8, 2], "float32"), "context": np.zeros([5, 3], "float32")})
    bad = {"x": np.zeros([8, 2]), "context": np.zeros([5, 3])}
    good = {"x": np.zeros([8, 2]), "context": np.zeros([8, 3])}
    match = r"`context` must be as many as the events `x`; got sizes {'x': 8, 'context': 5}"
    for method in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match=match):
            method(bad, verbose=0)
    for validation in (bad, (bad,), (bad, None, np.ones(8))):
        with pytest.raises(ValueError, match=match):
            model.fit(good, validation_data=validation, verbose=0)


def test_pairs_are_refused():
    model, x = _model(), np.zeros([8, 2], "float32")
    match = r"events alone; got pairs `\(x, y\)`"
    pairs = tf.data.Dataset.from_tensor_slices((x, x)).batch(4)
    for method in (model.fit, model.evaluate):
        for pair in ((x, x), (x, x[:, 0]), (pairs,)):
            with pytest.raises(ValueError, match=match):
                method(*pair, verbose=0)
    with pytest.raises(ValueError, match=match):
        model.fit(x, validation_data=(x, x), verbose=0)


def test_several_tensors_are_refused():
    x = np.zeros([8, 2], "float32")
    with pytest.raises(TypeError, match=r"A batch must be one tensor.*got a tuple"):
        _model().fit([x, x], verbose=0)


class _NoVariables:
    normal = tfd.Normal(0.0, 1.0)
    frozen = tfd.Normal(tf.Variable(0.0, trainable=False), 1.0)
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfb.Exp())


@pytest.mark.parametrize("name", ["normal", "frozen", "flow"])
def test_a_distribution_with_nothing_to_train_is_refused(name):
    with pytest.raises(ValueError, match="`distribution` must have something to train; got tfp"):
        tfp_flows.FlowModel(getattr(_NoVariables, name))


def _hiding():
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, name="hidden")])

    def shift_and_log_scale(x, output_units, **kwargs):
        del output_units, kwargs
        return tf.split(net(x), 2, axis=-1)

    base = tfd.Independent(tfd.Normal(tf.Variable([0.0, 0.0, 0.0]), 1.0), 1)
    bijector = tfb.RealNVP(num_masked=1, shift_and_log_scale_fn=shift_and_log_scale)
    return tfd.TransformedDistribution(base, bijector)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_variables_that_tfp_cannot_see_are_not_left_untrained_in_silence(run_eagerly):
    model = tfp_flows.FlowModel(_hiding())
    model.compile(run_eagerly=run_eagerly)
    with pytest.raises(ValueError, match=r"`distribution` must show all .*kernel.*KerasNetwork"):
        model.fit(np.zeros([8, 3], "float32"), verbose=0)


def test_what_is_no_single_distribution_is_refused():
    with pytest.raises(TypeError, match="`distribution` must be a TFP distribution; got <tf"):
        tfp_flows.FlowModel(tf.Variable(0.0))
    joint = tfd.JointDistributionSequential([tfd.Normal(tf.Variable(0.0), 1.0)])
    with pytest.raises(TypeError, match="`distribution` must have events of one tensor; got"):
        tfp_flows.FlowModel(joint)
    with pytest.raises(ValueError, match=r"of batch shape \(3,\). See `tfd.Independent`"):
        tfp_flows.FlowModel(tfd.Normal(tf.Variable([0.0, 1.0, 2.0]), 1.0))
    for bin_width in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="`bin_width` must be positive; got"):
            tfp_flows.FlowModel(tfd.Normal(tf.Variable(0.0), 1.0), bin_width=bin_width)


@pytest.mark.parametrize("name", ["loss", "metrics", "weighted_metrics"])
def test_losses_and_metrics_that_would_be_ignored_are_refused(name):
    model = tfp_flows.FlowModel(tfd.Normal(tf.Variable(0.0), 1.0))
    with pytest.raises(ValueError, match=f"`{name}` must not be given: .* got 'mse'"):
        model.compile(**{name: "mse"})


def test_a_model_all_frozen_is_evaluated_but_not_trained():
    model = _model()
    model.trainable = False
    model.compile()
    assert model.evaluate(np.zeros([8, 2], "float32"), verbose=0)[0] > 0
    with pytest.raises(ValueError, match="must have something to train; got it all frozen"):
        model.fit(np.zeros([8, 2], "float32"), verbose=0)


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"must be 'tensorflow'; got 'jax'"):
        tfp_flows.FlowModel(tfd.Normal(tf.Variable(0.0), 1.0))
