"""Layers that are set by the first batch, once."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, distributions, flows, nets, training
from tfp_flows.training.initialize import needs_initialization

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def make(num_classes=None):
    keras.utils.set_random_seed(0)
    net = nets.GlowNet(4)
    return flows.glow((4, 4, 1), num_levels=2, num_steps=1, net=net, num_classes=num_classes)


def model_of(num_classes=None, *, run_eagerly=True):
    """With a learning rate of 0 only initialization changes variables."""
    model = tfp_flows.FlowModel(make(num_classes))
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=run_eagerly)
    return model


def data(n=32):
    return np.random.default_rng(0).random((n, 4, 4, 1)).astype("float32")


def values(flow):
    return [np.asarray(v) for v in flow.variables]


def flags(flow):
    return [bool(v) for v in flow.variables if v.dtype == tf.bool]


def check_same(flow, wanted, atol=0.0):
    for a, b in zip(values(flow), wanted, strict=True):
        np.testing.assert_allclose(a.astype("float32"), b.astype("float32"), rtol=0, atol=atol)


@pytest.fixture(scope="module")
def initialized():
    flow = make()
    tfp_flows.training.initialize(flow, data())
    return values(flow)


def test_every_actnorm_is_set(initialized):
    flow = make()
    before = values(flow)
    assert flags(flow) == [False] * 6  # Two steps, each with one bijector and two convolutions.
    assert needs_initialization(flow)
    tfp_flows.training.initialize(flow, data())
    assert flags(flow) == [True] * 6
    assert not needs_initialization(flow)
    check_same(flow, initialized)
    assert sum(np.any(a != b) for a, b in zip(values(flow), before, strict=True)) == 6 * 3


def test_a_second_initialization_changes_nothing(initialized):
    flow = make()
    for x in (data(), 3 * data() + 1):
        tfp_flows.training.initialize(flow, x)
    check_same(flow, initialized)


def test_a_second_fit_changes_nothing(initialized):
    model = model_of()
    for x in (data(), 3 * data() + 1):
        model.fit(x, verbose=0)
    check_same(model.distribution, initialized)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return data()


def generator(number=2):
    for _ in range(number):
        yield (data(),)


DATA = {
    "array": data,
    "tensor": lambda: tf.constant(data()),
    "dataset": lambda: tf.data.Dataset.from_tensors(data()).repeat(2),
    "generator": generator,
    "PyDataset": Batches,
}


@pytest.mark.parametrize("kind", DATA)
def test_fit_initializes_by_itself(kind, initialized):
    model = model_of()
    steps = {"steps_per_epoch": 2} if kind == "generator" else {}
    model.fit(DATA[kind](), verbose=0, **steps)
    check_same(model.distribution, initialized, atol=1e-6)


CONDITIONAL = {
    "dict": lambda x, y: ({"x": x, "context": y},),
    "pair": lambda x, y: (x, y),
    "dataset of pairs": lambda x, y: (tf.data.Dataset.from_tensors((x, y)),),
    "dataset of columns": lambda x, y: (tf.data.Dataset.from_tensors((x, y[:, None])),),
    "dataset of dicts": lambda x, y: (tf.data.Dataset.from_tensors({"x": x, "context": y}),),
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[pytest.mark.slow] if "dataset" in k else []) for k in CONDITIONAL],
)
def test_fit_initializes_conditional_flows(kind):
    x, y = data(), np.arange(32) % 3
    wanted = make(num_classes=3)
    tfp_flows.training.initialize(wanted, {"x": x, "context": y})
    model = model_of(num_classes=3)
    model.fit(*CONDITIONAL[kind](x, y), verbose=0)
    check_same(model.distribution, values(wanted))


def test_no_batch_of_a_generator_is_lost():
    seen = []

    def batches():
        for i in range(3):
            seen.append(i)
            yield (data() + np.float32(i),)

    model = model_of()
    model.fit(batches(), verbose=0, steps_per_epoch=3)
    assert seen == [0, 1, 2]
    wanted = np.mean([model.evaluate(data() + np.float32(i), verbose=0) for i in range(3)], 0)
    again = model.fit(batches(), verbose=0, steps_per_epoch=3).history
    np.testing.assert_allclose(again["loss"], [np.ravel(wanted)[0]], rtol=1e-4)


def test_to_score_or_sample_first_changes_nothing(initialized):
    model = model_of()
    before = values(model.distribution)
    model.distribution.log_prob(data())
    model.sample(3)
    model.predict(data(), verbose=0)
    model.evaluate(data(), verbose=0)
    check_same(model.distribution, before)
    model.fit(data(), verbose=0)
    check_same(model.distribution, initialized)


@pytest.mark.parametrize(
    "kind", ["checkpoint", *(pytest.param(k, marks=pytest.mark.slow) for k in ("keras", "weights"))]
)
def test_a_restored_model_stays_as_it_is(tmp_path, kind, initialized):
    model, path = model_of(), str(tmp_path / "m")
    model.fit(data(), verbose=0)
    fresh = model_of()
    if kind == "checkpoint":
        tf.train.Checkpoint(m=fresh).restore(tf.train.Checkpoint(m=model).save(path))
    elif kind == "weights":
        model.save_weights(path + ".weights.h5")
        fresh.load_weights(path + ".weights.h5")
    else:
        model.save(path + ".keras")
        fresh = keras.saving.load_model(path + ".keras")
    assert not needs_initialization(fresh.distribution)
    fresh.fit(3 * data() + 1, verbose=0)
    check_same(fresh.distribution, initialized)


@pytest.mark.slow
def test_replicas_agree_with_one_device(mirrored, initialized):
    with mirrored.scope():
        model, flow = model_of(run_eagerly=False), make()
    tfp_flows.training.initialize(flow, data())
    check_same(flow, initialized, atol=1e-5)
    model.fit(data(), verbose=0)
    check_same(model.distribution, initialized, atol=1e-5)
    for variable in flow.variables:
        if isinstance(variable, tf.distribute.DistributedValues):
            one, other = mirrored.experimental_local_results(variable)
            np.testing.assert_array_equal(one, other)


def test_initialization_makes_the_loss_of_the_first_step():
    model = model_of()
    x = 100 * data() + 7
    before = model.evaluate(x, verbose=0, return_dict=True)["nll"]
    history = model.fit(x, batch_size=32, verbose=0).history
    assert history["nll"][0] < before - 100


@pytest.mark.parametrize(("dtype", "other"), [("float64", "float32"), ("float32", "float64")])
def test_batches_are_cast_to_the_dtype_of_the_flow(dtype, other):
    """As Keras casts those that `fit` trains on."""
    layer = bijectors.ActNorm((2,), dtype=tf.as_dtype(dtype))
    base = distributions.standard_normal((2,), dtype=tf.as_dtype(dtype))
    flow = tfp.distributions.TransformedDistribution(base, layer)
    x = np.random.default_rng(0).normal(loc=3.0, size=[50, 2]).astype(other)
    training.initialize(flow, x)
    z = layer.inverse(x.astype(dtype))
    np.testing.assert_allclose(np.mean(z, axis=0), 0, atol=1e-5)
