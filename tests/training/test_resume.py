"""A training that is killed and started again ends with the weights of one that was not."""

import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from tfp_flows import FlowModel, data, distributions, flows, nets

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
PIXELS, _ = data.load_digits()
EPOCHS, STEPS = 3, 10
SCRIPT = f"""
import os, signal, sys
import keras
sys.path.insert(0, {str(__file__.rsplit("/", 1)[0])!r})
import test_resume

class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

model = test_resume.train(sys.argv[1], Kill())
model.save_weights(sys.argv[1] + "/end.weights.h5")
"""


def make():
    """Noise, dropout, data-dependent layers, an average of weights and a schedule."""
    keras.utils.set_random_seed(0)
    flow = flows.glow((8, 8, 1), num_levels=1, num_steps=1, net=nets.ConvResNet(8, 1, dropout=0.2))
    model = FlowModel(distributions.Dequantized(flow, 17))
    rate = keras.optimizers.schedules.CosineDecay(1e-3, EPOCHS * STEPS)
    model.compile(keras.optimizers.Adam(rate, use_ema=True, ema_overwrite_frequency=7))
    return model


def train(directory, *callbacks, model=None, **options):
    model = make() if model is None else model
    batches = data.images(
        PIXELS[:330], batch_size=32, num_levels=17, dequantize=False, flip=True, seed=5
    )
    assert len(batches) == STEPS
    backup = keras.callbacks.BackupAndRestore(
        f"{directory}/backup", save_freq=4, double_checkpoint=True, delete_checkpoint=False
    )
    options = {"epochs": EPOCHS, "verbose": 0} | options
    model.fit(batches, validation_data=batches, callbacks=[backup, *callbacks], **options)
    return model


class Counted(keras.callbacks.Callback):
    """How many steps each epoch took."""

    def __init__(self):
        super().__init__()
        self.steps = {}

    def on_epoch_begin(self, epoch, logs=None):
        self._before = int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch, logs=None):
        self.steps[epoch] = int(self.model.optimizer.iterations) - self._before


def assert_same_weights(one, two):
    pairs = zip(one.variables, two.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6, err_msg=a.path)


@pytest.mark.slow
def test_a_killed_training_ends_with_the_same_weights(tmp_path):
    for killed_at in ("17", "-1"):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path), killed_at]
        code = subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode
        assert code == (-signal.SIGKILL if killed_at == "17" else 0)
    resumed = make()
    resumed.load_weights(tmp_path / "end.weights.h5")
    assert_same_weights(resumed, train(tmp_path / "straight"))


@pytest.mark.slow
def test_goes_on_in_the_middle_of_the_data_with_steps_per_epoch(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 11:
                raise KeyboardInterrupt

    options = {"steps_per_epoch": 6, "epochs": 3}
    straight = train(tmp_path / "straight", **options)
    stopped = make()
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "stopped", Stop(), model=stopped, **options)
    counted = Counted()
    shutil.copytree(tmp_path / "stopped", tmp_path / "notebook")
    resumed = train(tmp_path / "stopped", counted, **options)
    # The last backup was made after 8 batches.
    assert counted.steps == {1: 4, 2: 6}
    assert_same_weights(resumed, straight)
    # The model that was interrupted has seen more than its backup.
    again = train(tmp_path / "notebook", model=stopped, **options)
    assert_same_weights(again, straight)
