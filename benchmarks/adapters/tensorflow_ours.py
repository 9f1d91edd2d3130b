"""Ours."""

import keras
import numpy as np
import sizes
import tensorflow as tf

from adapters import Measured
from adapters.tensorflow_calls import PACKAGES, cnn, images, measured_flow, vectors
from tfp_flows import FlowModel, flows, nets, training, transforms
from tfp_flows.typing import Distribution

__all__ = ["PACKAGES", "flowpp", "glow", "replicas", "tabular"]

STEPS_OF_FIT = 10


def _coupling_flow() -> Distribution:
    at = sizes.TABULAR
    net = nets.MLP(at.hidden, zero_init=False)
    return flows.coupling_flow((at.size,), num_couplings=at.couplings, net=net)


def tabular() -> Measured:
    """`flows.coupling_flow`."""
    return measured_flow(_coupling_flow(), vectors(sizes.TABULAR.batch, sizes.TABULAR.size))


def glow(steps: int | None = None, *, networks_of_the_paper: bool = False) -> Measured:
    """`flows.glow`."""
    at = sizes.GLOW

    def net(kept: tuple, moved: tuple, num_params: int, context: None = None) -> keras.Model:
        del context
        return cnn(kept, at.filters, num_params * moved[-1])

    flow = flows.glow(
        (at.size, at.size, 3),
        num_levels=at.levels,
        num_steps=steps or at.steps,
        filters=at.filters,
        net=None if networks_of_the_paper else net,
        learned_prior=False,
    )
    x = images(at.batch, at.size)
    training.initialize(flow, x)
    return measured_flow(flow, x)


def flowpp(num_components: int) -> Measured:
    """`flows.flowpp`."""
    at = sizes.FLOWPP
    flow = flows.flowpp(
        (at.size, at.size, 3),
        couplings=((0, at.couplings),),
        transform=transforms.LogisticMixture(num_components, spread=0.0),
        net=nets.FlowPPNet(at.filters, at.blocks, dropout=0.0),
    )
    x = images(at.batch, at.size)
    training.initialize(flow, x)
    return measured_flow(flow, x)


def replicas(devices: int) -> Measured:
    """`FlowModel.fit` of the tabular flow, over so many logical devices."""
    at = sizes.TABULAR
    cpu, *_ = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * devices
    )
    strategy = tf.distribute.get_strategy()
    if devices > 1:
        strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(devices)])
    with strategy.scope():
        model = FlowModel(_coupling_flow())
        model.compile(keras.optimizers.Adam(sizes.LEARNING_RATE))
    batches = tf.data.Dataset.from_tensors(vectors(at.batch, at.size)).repeat()

    def train() -> float:
        fitted = model.fit(batches, steps_per_epoch=STEPS_OF_FIT, verbose=0)
        return fitted.history["loss"][-1]

    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    return Measured(count, {"train": train})
