"""`FlowModel` reads what `data.images` gives, epoch by epoch."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import FlowModel, bijectors, data, distributions, flows, nets

tfd = tfp.distributions
PIXELS, LABELS = data.load_digits()


class Seen(keras.callbacks.Callback):
    """The loss of each step, which knows order and noise."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["nll"])


def make_batches(source=PIXELS[:200], **options):
    return data.images(source, **({"batch_size": 32, "num_levels": 17, "seed": 5} | options))


def make_model(batches, rate=0.0, **kwargs):
    keras.utils.set_random_seed(0)
    net = nets.ConvResNet(4, 1)
    flow = flows.coupling_flow((8, 8, 1), num_couplings=2, net=net, **kwargs)
    model = FlowModel(flow, bin_width=batches.bin_width)
    model.compile(keras.optimizers.SGD(rate))
    return model


def losses(model, batches, **options):
    seen = Seen()
    model.fit(batches, callbacks=[seen], verbose=0, **options)
    return seen.losses


def test_epochs_are_those_of_the_training():
    batches = make_batches()
    straight = losses(make_model(batches), batches, epochs=4)
    assert len(straight) == 24
    assert len(set(straight)) == 24
    # Iterators that were left early, and another process.
    next(iter(batches))
    np.testing.assert_allclose(losses(make_model(batches), batches, epochs=4), straight)
    late = make_batches()
    resumed = losses(make_model(late), late, initial_epoch=2, epochs=4)
    np.testing.assert_allclose(resumed, straight[12:])


@pytest.mark.slow
def test_goes_on_after_the_epochs_of_the_last_fit():
    batches = make_batches()
    straight = losses(make_model(batches), batches, epochs=3)
    model = make_model(batches)
    parts = [losses(model, batches, epochs=epochs) for epochs in (1, 2)]
    np.testing.assert_allclose(np.concatenate(parts), straight)


@pytest.mark.slow
def test_steps_per_epoch_go_through_the_epochs_of_the_data():
    batches = make_batches()
    straight = losses(make_model(batches), batches, epochs=3, steps_per_epoch=4)
    nats = []
    model = make_model(batches)
    for step in range(12):
        batches.epoch = step // 6
        nats.append(-np.mean(model.predict(list(batches)[step % 6], verbose=0)))
    running = [np.mean(nats[step // 4 * 4 : step + 1]) for step in range(12)]
    np.testing.assert_allclose(straight, running, rtol=1e-4)
    late = make_batches()
    resumed = losses(make_model(late), late, initial_epoch=2, epochs=3, steps_per_epoch=4)
    np.testing.assert_allclose(resumed, straight[8:], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_a_restored_training_reads_the_rest(tmp_path):
    batches = make_batches()
    straight = losses(make_model(batches, rate=1e-3), batches, epochs=3)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))

    with pytest.raises(KeyboardInterrupt):
        make_model(batches, rate=1e-3).fit(
            batches, epochs=3, verbose=0, callbacks=[backup(), Stop()]
        )
    late, seen = make_batches(), Seen()
    make_model(late, rate=1e-3).fit(late, epochs=3, verbose=0, callbacks=[backup(), seen])
    # The backup of the epoch before the last callback of it failed, or of that one.
    np.testing.assert_allclose(seen.losses, straight[-len(seen.losses) :], rtol=1e-4)
    assert len(seen.losses) in (6, 12)


@pytest.mark.slow
def test_scoring_uses_no_epoch_up():
    batches = make_batches(shuffle=False)
    model = make_model(batches)
    batches.epoch = 4
    scores = [model.evaluate(batches, verbose=0, return_dict=True)["nll"] for _ in range(2)]
    assert scores[0] == scores[1]
    np.testing.assert_array_equal(*(model.predict(batches, verbose=0) for _ in range(2)))
    assert batches.epoch == 4
    history = model.fit(make_batches(), epochs=3, verbose=0, validation_data=batches).history[
        "val_nll"
    ]
    np.testing.assert_allclose(history, scores[0], rtol=1e-6)
    assert batches.epoch == 4


def test_the_look_at_the_first_batch_uses_no_epoch_up():
    batches = make_batches()

    def model():
        base = distributions.standard_normal((8, 8, 1))
        flow = tfd.TransformedDistribution(base, bijectors.ActNorm((8, 8, 1)))
        made = FlowModel(flow, bin_width=batches.bin_width)
        made.compile(keras.optimizers.SGD(0.0))
        return made

    first = losses(model(), batches, epochs=1)
    batches.epoch = 9
    np.testing.assert_allclose(losses(model(), batches, epochs=1), first)
    assert batches.epoch == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Of Keras, for unknown sizes.
@pytest.mark.parametrize("steps", [None, 6])
def test_epochs_of_unknown_size_are_counted(steps):
    def make():
        source = tf.data.Dataset.from_tensor_slices(PIXELS[:200]).filter(lambda x: True)
        return make_batches(source, cache=False, drop_remainder=True)

    batches, model = make(), make_model(make())
    assert batches.num_batches is None
    options = {"epochs": 2, "steps_per_epoch": steps, "validation_data": batches}
    seen = losses(model, batches, **options) + losses(model, batches, **options)
    assert len(set(seen)) == len(seen) == 24
    if steps is None:
        np.testing.assert_allclose(seen[:18], losses(make_model(make()), make(), epochs=3))


def test_labels_are_contexts():
    batches = make_batches((PIXELS[:200], LABELS[:200]), labels=True)
    model = make_model(batches, num_classes=batches.num_classes)
    assert np.isfinite(losses(model, batches, epochs=1)).all()
    assert np.isfinite(model.evaluate(batches, verbose=0)).all()


def test_integers_go_into_dequantized():
    batches = make_batches(dequantize=False)
    flow = flows.coupling_flow((8, 8, 1), num_couplings=1)
    model = FlowModel(distributions.Dequantized(flow, 17), bin_width=batches.bin_width)
    model.compile(keras.optimizers.SGD(0.0))
    assert np.isfinite(losses(model, batches, epochs=1)).all()
    # The noise of a bound is the same each time, however it is asked for.
    scored = model.evaluate(batches, verbose=0, return_dict=True)["nll"]
    assert model.evaluate(batches, verbose=0, return_dict=True)["nll"] == scored
    for _ in range(2):
        np.testing.assert_allclose(-model.predict(batches, verbose=0).mean(), scored, rtol=1e-5)


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "validation"])
def test_refuses_another_bin_width(call):
    model = make_model(make_batches(scaling="symmetric"))
    wanted = r"`bin_width` of the model must be .*, 0\.0588235, as they are scaled; got 0\.117647"
    args, kwargs = (make_batches(),), {}
    if call == "validation":
        args, kwargs = (make_batches(scaling="symmetric"),), {"validation_data": make_batches()}
    with pytest.raises(ValueError, match=wanted):
        getattr(model, "fit" if kwargs else call)(*args, verbose=0, **kwargs)


@pytest.mark.slow
def test_runs_under_a_strategy(mirrored):
    with mirrored.scope():
        batches = make_batches()
        model = make_model(batches)
    seen = losses(model, batches, epochs=2)
    alone = make_batches()
    np.testing.assert_allclose(seen, losses(make_model(alone), alone, epochs=2), rtol=1e-4)
    assert isinstance(batches.dataset, tf.data.Dataset)
