"""Resident memory is flat: TFP keeps what its bijectors computed, and grew with every call."""

import gc
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, data, distributions, flows, nets

STATM = pathlib.Path("/proc/self/statm")
pytestmark = pytest.mark.skipif(not STATM.exists(), reason="needs Linux to tell its memory")
MEGABYTE = 2**20
PIXELS, _ = data.load_digits()


def resident():
    gc.collect()
    return int(STATM.read_text().split()[1]) * 4096


def growth(run, warm_up, times):
    """In bytes: of `times` calls, after the pools of TensorFlow have found their size."""
    for _ in range(warm_up):
        run()
    before = resident()
    for _ in range(times):
        run()
    return resident() - before


def test_sees_a_leak():
    kept = []
    # So large that they are mapped: smaller ones may find room in what was freed before.
    assert growth(lambda: kept.append(np.ones([5_000_000])), 0, 3) > 100 * MEGABYTE


@pytest.mark.slow
def test_training_keeps_nothing():
    net = nets.ConvResNet(4, 1)
    flow = flows.coupling_flow((8, 8, 1), num_couplings=2, net=net, logit_alpha=0.01)
    model = FlowModel(distributions.Dequantized(flow, 17))
    model.compile(keras.optimizers.Adam(1e-3))
    batches = data.images(PIXELS, batch_size=16, num_levels=17, dequantize=False, seed=0)

    def run():
        model.fit(batches, steps_per_epoch=100, verbose=0)
        model.evaluate(batches, steps=5, verbose=0)

    assert growth(run, 6, 10) < 5 * MEGABYTE


@pytest.mark.slow
@pytest.mark.parametrize("traced", [False, True])
def test_sampling_and_scoring_keep_nothing(traced):
    flow = flows.coupling_flow((64,), num_couplings=2)

    def score():
        x = flow.sample(16)
        return flow.log_prob(x), flow.log_prob(tf.identity(x))

    if traced:
        score = tf.function(score)
    # What is kept of a call would be a few batches, of 4 kB, for each layer, or a graph.
    assert growth(score, 30, 200) < 4 * MEGABYTE
