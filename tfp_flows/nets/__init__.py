"""Keras nets that turn kept entries, and a context, into raw parameters for the moved entries.

A net factory (`MLP`, `ConvResNet`) is a frozen dataclass of plain values; calling it with the
shapes makes a net which is already built.
"""

from tfp_flows.nets.backend import require_tensorflow_backend
from tfp_flows.nets.base import KerasNet
from tfp_flows.nets.mlp import MLP
from tfp_flows.nets.resnet import ConvResNet
from tfp_flows.nets.weight_norm import WeightNormConv2D, WeightNormDense

__all__ = [
    "MLP",
    "ConvResNet",
    "KerasNet",
    "WeightNormConv2D",
    "WeightNormDense",
]

require_tensorflow_backend()
