"""The ways of Keras to feed and to train a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import nets


def _model(optimizer=None, context_shape=None, net=None, **kwargs):
    net = net or nets.MLP((4,), activation="tanh")
    keras.utils.set_random_seed(1)
    flow = tfp_flows.flows.coupling_flow(
        (2,), num_couplings=1, net=net, context_shape=context_shape
    )
    model = tfp_flows.FlowModel(flow)
    model.compile(optimizer or keras.optimizers.Adam(0.05), **kwargs)
    return model


def _x(size=40):
    return np.random.default_rng(0).normal(1.0, 2.0, (size, 2)).astype("float32")


def _inputs(size=40):
    return {"x": _x(size), "context": np.linspace(-1, 1, size, dtype="float32")[:, np.newaxis]}


def _trained(model, *args, **kwargs):
    model.fit(*args, epochs=2, verbose=0, **kwargs)
    return [variable.numpy() for variable in model.trainable_variables]


def _assert_equal(got, wanted, atol=1e-5):
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=atol)


# Not even Keras's warning, which pyproject.toml allows, that it does not shuffle datasets.
@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_arrays_datasets_steps_and_eager_train_alike():
    data = tf.data.Dataset.from_tensor_slices(_x()).batch(8)
    wanted = _trained(_model(), data)
    _assert_equal(_trained(_model(), _x(), batch_size=8, shuffle=False), wanted)
    _assert_equal(_trained(_model(steps_per_execution=4), data), wanted)
    _assert_equal(_trained(_model(run_eagerly=True), data), wanted)
    _assert_equal(_trained(_model(jit_compile=True), data), wanted)
    _assert_equal(_trained(_model(), data.repeat(), steps_per_epoch=5), wanted)
    generated = ((batch.numpy(),) for batch in data.repeat(2))
    _assert_equal(_trained(_model(), generated, steps_per_epoch=5), wanted)


def test_contexts_come_from_arrays_and_datasets():
    model = _model(context_shape=(1,), steps_per_execution=3)
    data = tf.data.Dataset.from_tensor_slices(_inputs()).batch(9)
    model.fit(_inputs(), validation_data=_inputs(16), validation_batch_size=7, verbose=0)
    model.fit(data, validation_data=data, epochs=2, verbose=0)
    inputs = _inputs(10)
    wanted = model.distribution.log_prob(
        inputs["x"], bijector_kwargs={"context": inputs["context"]}
    )
    np.testing.assert_allclose(model.predict(inputs, verbose=0), wanted, rtol=1e-5)
    np.testing.assert_allclose(model.predict(data.take(1), verbose=0)[0], model(_inputs())[0])
    shuffled = {**inputs, "context": inputs["context"][::-1]}
    assert np.abs(model.predict(shuffled, verbose=0) - wanted).max() > 1e-4


def test_validation_split_keeps_the_last_events_apart():
    model = _model(keras.optimizers.SGD(0.0))
    history = model.fit(_x(), validation_split=0.25, verbose=0).history
    nll = -np.mean(model.distribution.log_prob(_x()[30:]))
    np.testing.assert_allclose(history["val_nll"], nll, rtol=1e-5)


def _schedule():
    return keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        lambda: keras.optimizers.Adam(0.01, global_clipnorm=1.0),
        lambda: keras.optimizers.Adam(_schedule()),
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
    ],
    ids=["ema", "weight decay", "global clipnorm", "schedule", "loss scale"],
)
def test_optimizers_do_what_they_do_to_plain_variables(optimizer):
    model, theirs = _model(optimizer()), optimizer()
    plain = [keras.Variable(variable.numpy()) for variable in model.trainable_variables]
    data = tf.data.Dataset.from_tensors(_x()).repeat(3)
    model.fit(data, verbose=0)
    other = _model()
    for x in data:
        for mine, variable in zip(other.trainable_variables, plain, strict=True):
            mine.assign(variable)
        with tf.GradientTape() as tape:
            loss = theirs.scale_loss(-tf.reduce_mean(other.distribution.log_prob(x)))
        gradients = tape.gradient(loss, [v.value for v in other.trainable_variables])
        theirs.apply_gradients(zip(gradients, plain, strict=True))
    theirs.finalize_variable_values(plain)
    _assert_equal([v.numpy() for v in model.trainable_variables], [v.numpy() for v in plain])


def test_weight_decay_can_spare_biases_by_name():
    optimizer = keras.optimizers.AdamW(0.0, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    kept = [optimizer._use_weight_decay(v) for v in _model(optimizer).trainable_variables]
    assert kept == [True, False] * 2


class Epochs(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((epoch, sorted(logs)))


def test_callbacks_are_called_however_they_are_given():
    model, wanted = _model(), [(0, ["bits_per_dim", "loss", "nll"])]
    for wrap in (lambda c: [c], lambda c: (c,), lambda c: c):
        callback = Epochs()
        model.fit(_x(), callbacks=wrap(callback), verbose=0)
        assert callback.seen == wanted
    callback = Epochs()
    given = keras.callbacks.CallbackList([callback], add_history=True, model=model)
    before = list(given.callbacks)
    model.fit(_x(), callbacks=given, verbose=0)
    assert callback.seen == wanted
    assert given.callbacks == before
    callback = Epochs()
    model.fit(_x(), None, 32, 1, 0, [callback])
    assert callback.seen == wanted


def test_dropout_is_on_in_fit_and_off_elsewhere():
    net = nets.MLP((64,), dropout=0.5, zero_init=False)
    model, x = _model(keras.optimizers.SGD(0.0), net=net), _x()
    history = model.fit(x, epochs=2, batch_size=40, verbose=0).history["loss"]
    still = -float(tf.reduce_mean(model.distribution.log_prob(x)))
    assert history[0] != history[1]
    np.testing.assert_allclose(model.evaluate(x, batch_size=40, verbose=0)[0], still, rtol=1e-5)
    np.testing.assert_allclose(-np.mean(model.predict(x, verbose=0)), still, rtol=1e-5)
    np.testing.assert_allclose(-np.mean(model(x)), still, rtol=1e-5)
    assert abs(float(np.mean(model(x, training=True))) + still) > 1e-4


def test_xla_is_not_asked_for_on_a_cpu_but_can_be():
    assert _model().jit_compile is False
    assert _model(jit_compile=True).jit_compile is True
