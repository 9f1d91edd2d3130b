"""Contexts as Keras has labels: pairs `(x, context)`, and integers for classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import flows, latents, nets

N, CLASSES = 32, 4
ONE_HOT = keras.utils.to_categorical
FORMS = {
    "integers": lambda y: y,
    "a column": lambda y: y[:, np.newaxis],
    "bytes": lambda y: y.astype("uint8"),
    "64 bits": lambda y: y.astype("int64"),
    "one-hot": lambda y: ONE_HOT(y, CLASSES),
}


def make(num_classes=CLASSES, event_shape=(2, 2, 1)):
    keras.utils.set_random_seed(0)
    net = nets.MLP((8,), zero_init=False)
    model = tfp_flows.FlowModel(
        flows.nice(event_shape, num_couplings=2, net=net, num_classes=num_classes)
    )
    model.compile(keras.optimizers.SGD(0.1))
    return model


def data():
    rng = np.random.default_rng(0)
    return rng.random((N, 2, 2, 1)).astype("float32"), rng.integers(0, CLASSES, N).astype("int32")


def results(*inputs):
    """Of a new model that is trained with these arguments."""
    model = make()
    options = {"shuffle": False, "verbose": 0}
    sizes = {} if isinstance(inputs[0], tf.data.Dataset) else {"batch_size": 8}
    history = model.fit(*inputs, **sizes, **options).history["loss"]
    nll = model.evaluate(*inputs, verbose=0, return_dict=True)["nll"]
    return history, nll, np.concatenate([v.numpy().ravel() for v in model.trainable_variables])


@pytest.fixture(scope="module")
def wanted():
    x, y = data()
    return results({"x": x, "context": ONE_HOT(y, CLASSES)})


def check(got, wanted):
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "form",
    [
        "integers",
        "bytes",
        "one-hot",
        *(pytest.param(f, marks=pytest.mark.slow) for f in ("a column", "64 bits")),
    ],
)
def test_arrays(form, wanted):
    x, y = data()
    check(results(x, FORMS[form](y)), wanted)


@pytest.mark.parametrize(
    "form",
    ["integers", *(pytest.param(f, marks=pytest.mark.slow) for f in ("one-hot", "a column"))],
)
def test_datasets_of_pairs(form, wanted):
    x, y = data()
    check(results(tf.data.Dataset.from_tensor_slices((x, FORMS[form](y))).batch(8)), wanted)


@pytest.mark.parametrize("form", [pytest.param("integers", marks=pytest.mark.slow), "one-hot"])
def test_dicts(form, wanted):
    x, y = data()
    check(results({"x": x, "context": FORMS[form](y)}), wanted)


def test_generators_of_pairs(wanted):
    x, y = data()
    model = make()
    pairs = ((x[i : i + 8], y[i : i + 8]) for i in range(0, N, 8))
    history = model.fit(pairs, steps_per_epoch=4, verbose=0).history["loss"]
    np.testing.assert_allclose(history, wanted[0], rtol=1e-5)


def test_predict_takes_datasets_of_pairs_and_dicts():
    (x, y), model = data(), make()
    wanted = model.distribution.log_prob(x, bijector_kwargs={"context": y})
    pairs = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    for inputs in (pairs, {"x": x, "context": y}):
        np.testing.assert_allclose(model.predict(inputs, verbose=0), wanted, rtol=1e-5)


def test_weights_and_validation_data_go_with_labels():
    x, y = data()
    weights = np.linspace(0, 2, N, dtype="float32")
    pair, both = make(), make()
    options = {"shuffle": False, "verbose": 0, "sample_weight": weights}
    a = pair.fit(x, y, validation_data=(x, y), **options).history
    inputs = {"x": x, "context": ONE_HOT(y, CLASSES)}
    b = both.fit(inputs, validation_data=(inputs, None), **options).history
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(a[key], b[key], rtol=1e-5)
    split = make().fit(x, y, validation_split=0.25, verbose=0).history
    assert np.isfinite(split["val_nll"]).all()


@pytest.mark.parametrize("label", [-1, CLASSES])
def test_labels_out_of_range_are_told_with_the_range(label):
    (x, y), model = data(), make()
    y[3] = label
    message = r"must hold classes in 0\.\.3, by the `num_classes` of the flow"
    with pytest.raises(ValueError, match=message):
        model.distribution.log_prob(x, bijector_kwargs={"context": y})
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.evaluate(x, y, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.sample(2, context=label)


def test_samples_of_classes():
    model = make()
    flow = model.distribution
    one = model.sample(3, seed=1, context=3)
    each = model.sample(3, seed=1, context=[3, 3, 3])
    hot = model.sample(3, seed=1, context=ONE_HOT(3, CLASSES))
    np.testing.assert_array_equal(one, each)
    np.testing.assert_allclose(one, hot, rtol=1e-6)
    assert np.max(np.abs(one - model.sample(3, seed=1, context=[0, 1, 2]))) > 1e-4
    labels = tf.constant([0, 1, 2])
    assert flow.sample(3, bijector_kwargs={"context": labels}).shape == (3, 2, 2, 1)
    assert model.sample(3, context=labels).shape == (3, 2, 2, 1)


def test_as_many_labels_as_samples():
    with pytest.raises(ValueError, match=r"`context` must have the batch shape \(3,\)"):
        make().sample(3, context=[0, 1])
    with pytest.raises(ValueError, match="`context` must not be given"):
        make(num_classes=None).sample(3, context=[0, 1, 2])


def test_targets_of_an_unconditional_flow_are_refused():
    x, y = data()
    model = make(num_classes=None)
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=r"events alone; got pairs `\(x, y\)`.*`num_classes`"):
            call(x, y, verbose=0)
    with pytest.raises(ValueError, match=r"takes none.*Flows .* take one with `num_classes`"):
        model.fit({"x": x, "context": y}, verbose=0)
    with pytest.raises(ValueError, match=r"takes none.*Flows .* take one with `num_classes`"):
        latents.sample(model.distribution, 2, context=1)


def test_a_missing_label_is_told():
    with pytest.raises(ValueError, match=r"`context` must be given: .*with `labels=True`"):
        make().fit(data()[0], verbose=0)


def test_labels_in_a_column_are_told_how_to_be_none():
    (x, y), model = data(), make()
    column = y[:, np.newaxis]
    match = r"got \(32, 1\)\. Labels of shape \[n, 1\] become \[n\] by `labels\[:, 0\]`"
    with pytest.raises(ValueError, match=match):
        model.distribution.log_prob(x, bijector_kwargs={"context": column})
    with pytest.raises(ValueError, match=r"Labels of shape \[n, 1\] become"):
        model.sample(32, context=column)


def test_as_many_labels_as_events():
    x, y = data()
    with pytest.raises(ValueError, match=r"size|sizes|cardinality"):
        make().fit(x, y[:-1], verbose=0)


def test_xla_which_checks_nothing_makes_wrong_labels_nan():
    x, y = data()
    flow = make().distribution

    @tf.function(jit_compile=True)
    def log_prob(x, y):
        return flow.log_prob(x, bijector_kwargs={"context": y})

    y[3] = CLASSES
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(log_prob(x, y))), [3])


def test_bytes_can_stand_for_more_classes_than_bytes():
    model = make(num_classes=300)
    assert model.sample(2, context=np.array([3, 200], np.uint8)).shape == (2, 2, 2, 1)
