"""Every file of weights holds every variable."""

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, flows, nets, partitions, transforms

tfd, tfb = tfp.distributions, tfp.bijectors

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def _vectors():
    return flows.coupling_flow((3,), num_couplings=1, net=nets.MLP((4,), zero_init=False))


def _with_dropout():
    net = nets.MLP((4,), dropout=0.1, weight_norm=True, zero_init=False)
    return flows.coupling_flow((3,), num_couplings=1, net=net)


def _stock():
    made = tfb.AutoregressiveNetwork(2, event_shape=[3], hidden_units=[6], activation="tanh")
    base = tfd.Sample(tfd.Normal(tf.Variable(0.1), 1.0), [3])
    return tfd.TransformedDistribution(base, tfb.MaskedAutoregressiveFlow(made))


def _mixed():
    """Networks and plain variables, trained and not."""
    scale = tfb.Scale(tf.Variable([1.0, 2.0, 3.0], trainable=False))
    learned = bijectors.Elementwise(transforms.Affine(), (3,))
    chain = bijectors.Chain([scale, learned, _vectors().bijector])
    return tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), [3]), chain)


class _Listing(keras.Model):
    """`tf.train.Checkpoint` does not see what a Keras model has in a list."""

    def __init__(self):
        super().__init__()
        self.parts = [keras.layers.Dense(4), keras.layers.Dense(4)]

    def call(self, x):
        return self.parts[1](tf.tanh(self.parts[0](x)))


def _with_a_list_of_layers():
    coupling = bijectors.AffineCoupling(partitions.Halves(), _Listing(), event_shape=(3,))
    base = tfd.Sample(tfd.Normal(0.0, 1.0), [3])
    return tfd.TransformedDistribution(base, bijectors.Chain([coupling]))


KINDS = [_vectors, _with_dropout, _stock, _mixed, _with_a_list_of_layers]


@pytest.fixture(params=KINDS, ids=lambda f: f.__name__[1:])
def make(request):
    return request.param


def _model(make, seed=0):
    model = tfp_flows.FlowModel(make())
    model.compile(keras.optimizers.Adam(1e-2))
    random = np.random.default_rng(seed)
    for variable in model.distribution.variables:
        if variable.dtype.is_floating:
            variable.assign_add(random.normal(0, 0.1, variable.shape))
    return model


def _x():
    return np.random.default_rng(0).normal(size=(20, 3)).astype("float32")


def _count_datasets(path, under):
    found = []
    with h5py.File(path) as file:
        file[under].visititems(lambda _, item: found.append(isinstance(item, h5py.Dataset)))
    return sum(found)


def _assert_same(got, wanted):
    for a, b in zip(got.variables, wanted.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(got.log_prob(_x()), wanted.log_prob(_x()))


def test_weights_h5_holds_every_variable_and_brings_it_back(make, tmp_path):
    model, again = _model(make), _model(make, seed=1)
    model.save_weights(tmp_path / "model.weights.h5")
    count = len(model.distribution.variables)
    # And the progress of the training.
    assert _count_datasets(tmp_path / "model.weights.h5", "vars") == count + 1 > 1
    assert not np.allclose(again.distribution.log_prob(_x()), model.distribution.log_prob(_x()))
    again.load_weights(tmp_path / "model.weights.h5")
    _assert_same(again.distribution, model.distribution)


def test_checkpoint_holds_every_variable_once_and_brings_it_back(make, tmp_path):
    model, again = (tfp_flows.FlowModel(_model(make, seed).distribution) for seed in (0, 1))
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "model"))
    names = [name for name, _ in tf.train.list_variables(path)]
    found = [name for name in names if name.startswith("model/")]
    assert len(found) == len(model.distribution.variables) > 0
    tf.train.Checkpoint(model=again).restore(path).assert_existing_objects_matched()
    _assert_same(again.distribution, model.distribution)


@pytest.mark.parametrize(
    "make",
    [
        _stock,
        _mixed,
        *(pytest.param(k, marks=pytest.mark.slow) for k in KINDS if k not in (_stock, _mixed)),
    ],
)
def test_checkpoint_resumes_the_optimizer_too(make, tmp_path):
    model, again = _model(make), _model(make, seed=1)
    model.fit(_x(), epochs=2, shuffle=False, verbose=0)
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "model"))
    again.fit(_x(), verbose=0)
    tf.train.Checkpoint(model=again).restore(path).assert_existing_objects_matched()
    assert int(again.optimizer.iterations) == 2
    for either in (model, again):
        either.fit(_x(), epochs=2, shuffle=False, verbose=0)
    _assert_same(again.distribution, model.distribution)


def test_model_checkpoint_keeps_the_best_weights(tmp_path):
    model = _model(_vectors)
    path = str(tmp_path / "best.weights.h5")
    callback = keras.callbacks.ModelCheckpoint(
        path, save_weights_only=True, save_best_only=True, monitor="val_nll", mode="min"
    )
    history = model.fit(_x(), validation_data=_x(), epochs=3, callbacks=[callback], verbose=0)
    again = _model(_vectors, seed=1)
    again.load_weights(path)
    best = min(history.history["val_nll"])
    np.testing.assert_allclose(again.evaluate(_x(), verbose=0)[0], best, rtol=1e-6)


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_backup_and_restore_goes_on_where_it_stopped(tmp_path):
    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    options = {"epochs": 4, "shuffle": False, "verbose": 0}
    wanted = _model(_vectors)
    start = wanted.get_weights()
    wanted.fit(_x(), **options)
    stopped = _model(_vectors)
    stopped.set_weights(start)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(_x(), callbacks=[backup(), Stop()], **options)
    resumed = _model(_vectors, seed=1)
    history = resumed.fit(_x(), callbacks=[backup()], **options)
    assert history.epoch == [2, 3]
    _assert_same(resumed.distribution, wanted.distribution)
