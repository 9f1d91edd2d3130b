"""NaN and inf stop training at their batch, and reach no weight."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows

tfd = tfp.distributions

OPTIMIZERS = {
    "adamw": lambda: keras.optimizers.AdamW(0.1, weight_decay=0.1),
    "ema": lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_overwrite_frequency=1),
    "accumulating": lambda: keras.optimizers.Adam(0.1, gradient_accumulation_steps=2),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1)),
}


def _model(optimizer=None, **kwargs):
    place = tf.Variable([0.5, -0.5], name="place")
    model = tfp_flows.FlowModel(tfd.Independent(tfd.Normal(place, 1.0), 1))
    model.compile(optimizer or keras.optimizers.Adam(0.1), **kwargs)
    return model


def _batches(bad=None, value=np.nan, count=8):
    """`count` batches of 4 events, with `value` in batch `bad`."""
    x = np.random.default_rng(0).normal(1.0, 1.0, (count, 4, 2)).astype("float32")
    if bad is not None:
        x[bad, 1, 0] = value
    return tf.data.Dataset.from_tensor_slices(x)


def _stops(model, match, *args, **kwargs):
    with pytest.raises(ValueError, match=match):
        model.fit(*args, verbose=0, **kwargs)


def _where(what, batch, epoch):
    return re.escape(f"{what} must be finite; got NaN or inf in batch {batch} of epoch {epoch} ")


def _weights(model):
    return model.distribution.distribution.loc.numpy()


def _good_then_bad(value=np.nan):
    """Epoch 0 is good; batch 3 of epoch 1 is not."""
    return _batches().concatenate(_batches(bad=3, value=value))


@pytest.mark.parametrize(
    ("how", "value"),
    [
        ({}, np.nan),
        ({}, -np.inf),
        ({"steps_per_execution": 4}, np.nan),
        ({"run_eagerly": True}, np.inf),
        pytest.param({"jit_compile": True}, np.nan, marks=pytest.mark.slow),
        ({"jit_compile": True, "steps_per_execution": 4}, np.inf),
    ],
    ids=str,
)
def test_bad_data_stop_at_their_batch_and_leave_the_weights_alone(how, value):
    model = _model(**how)
    _stops(
        model, _where("The training data", 3, 1), _good_then_bad(value), epochs=2, steps_per_epoch=8
    )
    wanted = _model()
    wanted.fit(_batches().concatenate(_batches().take(3)), verbose=0)
    np.testing.assert_allclose(_weights(model), _weights(wanted), rtol=1e-5)
    assert int(model.optimizer.iterations) == 11


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_bad_batch_changes_nothing_under_any_optimizer(name, jit_compile):
    model = _model(OPTIMIZERS[name](), jit_compile=jit_compile)
    model.fit(_batches(), verbose=0)
    variables = [*model.weights, *model.optimizer.variables]
    before = [variable.value.numpy() for variable in variables]
    _stops(model, _where("The training data", 0, 0), _batches(bad=0))
    for old, variable in zip(before, variables, strict=True):
        np.testing.assert_array_equal(old, variable.value)


@pytest.mark.parametrize(
    ("jit_compile", "steps_per_execution"),
    [(False, 1), (False, 4), (True, 1), pytest.param(True, 4, marks=pytest.mark.slow)],
)
def test_a_loss_that_overflows_on_finite_data_is_named(jit_compile, steps_per_execution):
    model = _model(jit_compile=jit_compile, steps_per_execution=steps_per_execution)
    _stops(model, _where("The loss", 2, 0), _batches(bad=2, value=1e30))
    wanted = _model()
    wanted.fit(_batches().take(2), verbose=0)
    np.testing.assert_allclose(_weights(model), _weights(wanted), rtol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_gradient_that_is_not_finite_is_named(jit_compile):
    # The square root has an infinite slope at 0.
    root = tfp.util.DeferredTensor(tf.Variable(0.0), lambda v: 1.0 + tf.sqrt(v))
    model = tfp_flows.FlowModel(tfd.Normal(root, 1.0))
    model.compile("sgd", jit_compile=jit_compile)
    _stops(model, _where("The gradient", 0, 0), np.zeros(4, "float32"))
    assert model.trainable_variables[0].numpy() == 0


def test_a_second_fit_and_other_epochs_count_anew():
    model = _model()
    model.fit(_batches(), epochs=2, verbose=0)
    _stops(model, _where("The training data", 5, 0), _batches(bad=5))
    _stops(model, _where("The training data", 2, 7), _batches(bad=2), initial_epoch=7, epochs=9)
    _stops(model, _where("The training data", 1, 0), _batches(bad=1), validation_data=_batches())


def test_arrays_contexts_and_weights_are_looked_at_too():
    x = np.ones([8, 2], "float32")
    weights = np.ones(8, "float32")
    weights[5] = np.nan
    options = {"batch_size": 2, "shuffle": False}
    _stops(_model(), _where("The training data", 2, 0), x, sample_weight=weights, **options)
    flow = tfp_flows.flows.coupling_flow(
        (2,), num_couplings=1, net=tfp_flows.nets.MLP((4,)), context_shape=(1,)
    )
    model = tfp_flows.FlowModel(flow)
    model.compile()
    bad = {"x": x, "context": weights[:, np.newaxis]}
    _stops(model, _where("The training data", 2, 0), bad, **options)


def test_single_batches_are_guarded():
    model = _model()
    with pytest.raises(ValueError, match=_where("The training data", 0, 0)):
        model.train_on_batch(np.full([4, 2], np.nan, "float32"))
    with pytest.raises(ValueError, match="batch 0 of the evaluation"):
        model.test_on_batch(np.full([4, 2], np.nan, "float32"))


@pytest.mark.parametrize(
    "how",
    [{}, {"steps_per_execution": 4}, pytest.param({"jit_compile": True}, marks=pytest.mark.slow)],
    ids=str,
)
def test_bad_evaluation_data_stop_at_their_batch(how):
    model = _model(**how)
    wanted = "The evaluation data must be finite; got NaN or inf in batch 4 of the evaluation "
    with pytest.raises(ValueError, match=wanted):
        model.evaluate(_batches(bad=4), verbose=0)
    _stops(model, wanted, _batches(), validation_data=_batches(bad=4))


def test_evaluation_reports_a_density_of_zero_but_no_nan():
    model = _model()
    assert model.evaluate(_batches(bad=1, value=1e30), verbose=0, return_dict=True)["nll"] == np.inf
    model.distribution.distribution.loc.assign([np.nan, 0.0])
    with pytest.raises(ValueError, match=r"The loss must be finite.* batch 0 of the evaluation"):
        model.evaluate(_batches(), verbose=0)


def test_errors_of_the_pipeline_stay_what_they_are():
    broken = _batches().map(lambda x: tf.debugging.check_numerics(x / 0.0, "mine"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="mine"):
        _model().fit(broken, verbose=0)
