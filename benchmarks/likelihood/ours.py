"""Ours."""

import numpy as np

from likelihood.keras_learner import PACKAGES, KerasLearner
from likelihood.sizes import TABLE
from tfp_flows import flows, nets, transforms

__all__ = ["PACKAGES", "image", "table"]

LAWS = {"affine": transforms.Affine(), "mixture": transforms.LogisticMixture(TABLE.components)}


def image(first: np.ndarray, *, preset: str) -> KerasLearner:
    """One of `flows.presets`."""
    make = getattr(flows.presets, preset)
    return KerasLearner(lambda _: make(first.shape[1:]), first)


def table(first: np.ndarray, *, law: str) -> KerasLearner:
    """`flows.coupling_flow`."""
    net = nets.MLP(TABLE.hidden)

    def make(first: np.ndarray) -> object:
        shape = first.shape[1:]
        return flows.coupling_flow(shape, num_couplings=TABLE.layers, transform=LAWS[law], net=net)

    return KerasLearner(make, first)
