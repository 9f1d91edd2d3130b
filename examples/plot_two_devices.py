"""Two devices, one curve
=========================

A model that is made under a strategy of ``tf.distribute`` trains on all its devices. Each takes a
part of every batch, and the gradient is that of the whole batch, as are the statistics of the
data-dependent initialisation. Here a flow of digits trains on one device and on two: the curves lie
on each other. The devices are two virtual ones on one CPU, so that anybody can try; with GPUs,
``tf.distribute.MirroredStrategy()`` is all it takes.
"""

import json
import os
import subprocess
import sys

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import tfp_flows
from tfp_flows import data, flows, transforms

# %%
# The only line for several devices is ``with strategy.scope()``; ``fit`` finds it by itself. In
# float64 rounding cannot hide anything.


def train(strategy):
    """The loss of each epoch, in bits/dim."""
    keras.utils.set_random_seed(0)
    images = data.load_digits("train")[0][: 22 * 64]
    x = np.float64(data.dequantize(images, data.DIGITS_NUM_LEVELS, seed=[0, 0]))
    with strategy.scope():
        flow = flows.glow(
            (8, 8, 1),
            num_levels=1,
            num_steps=2,
            filters=16,
            transform=transforms.Affine(),
            dtype="float64",
        )
        model = tfp_flows.FlowModel(flow, bin_width=1 / data.DIGITS_NUM_LEVELS)
        model.compile(keras.optimizers.Adam(1e-3))
    history = model.fit(x, batch_size=64, shuffle=False, epochs=10, verbose=0)
    return history.history["bits_per_dim"]


# %%
# TensorFlow must know of virtual devices before it starts. So this script starts itself anew, with
# a variable in its environment that says what to do.

if "TWO_DEVICES" in os.environ:
    (cpu,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    one = tf.distribute.OneDeviceStrategy("CPU:0")
    both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print(json.dumps([train(one), train(both)]))
    sys.exit()

process = subprocess.run(
    [sys.executable, sys.argv[0]],
    env={**os.environ, "TWO_DEVICES": "1"},
    stdout=subprocess.PIPE,
    text=True,
    check=True,
)
one, two = np.array(json.loads(process.stdout.splitlines()[-1]))

# %%
# Both curves, and their difference, which is that of logs in float32.

figure, (above, below) = plt.subplots(
    2, 1, figsize=(7, 5), sharex=True, height_ratios=[3, 1], layout="constrained"
)
epochs = np.arange(1, len(one) + 1)
above.plot(epochs, one, color="tab:orange", linewidth=7, alpha=0.5, label="one device")
above.plot(epochs, two, color="tab:blue", linestyle="--", label="two devices")
above.set(ylabel="training bits/dim")
above.legend()
below.plot(epochs, two - one, "o-", color="gray")
below.set(xlabel="epoch", ylabel="difference")
