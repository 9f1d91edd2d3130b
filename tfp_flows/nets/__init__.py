"""Keras nets that turn kept entries, and a context, into raw parameters for the moved entries.

A net factory (`MLP`, `ConvResNet`, `GlowNet`, `RealNVPNet`, `FlowPPNet`, `ZeroConv`, `TopPrior`,
`FlowPPContext`) is a frozen dataclass of plain values; calling it with the shapes makes a net which
is already built.
"""

from tfp_flows.nets.backend import require_tensorflow_backend
from tfp_flows.nets.base import KerasNet
from tfp_flows.nets.concat_elu import concat_elu
from tfp_flows.nets.data_init import DataInitConv2D
from tfp_flows.nets.flowpp import FlowPPNet
from tfp_flows.nets.flowpp_context import FlowPPContext
from tfp_flows.nets.gated_attention import GatedAttention2D
from tfp_flows.nets.gated_conv import GatedConv2D
from tfp_flows.nets.gated_mixer import GatedPointwise2D
from tfp_flows.nets.glow import GlowNet
from tfp_flows.nets.glow_prior import ZeroConv
from tfp_flows.nets.glow_top import TopPrior
from tfp_flows.nets.mlp import MLP
from tfp_flows.nets.realnvp import RealNVPNet
from tfp_flows.nets.resnet import ConvResNet
from tfp_flows.nets.scaled_conv import ScaledConv2D
from tfp_flows.nets.weight_norm import WeightNormDense
from tfp_flows.nets.weight_norm_conv import WeightNormConv2D

__all__ = [
    "MLP",
    "ConvResNet",
    "DataInitConv2D",
    "FlowPPContext",
    "FlowPPNet",
    "GatedAttention2D",
    "GatedConv2D",
    "GatedPointwise2D",
    "GlowNet",
    "KerasNet",
    "RealNVPNet",
    "ScaledConv2D",
    "TopPrior",
    "WeightNormConv2D",
    "WeightNormDense",
    "ZeroConv",
    "concat_elu",
]

require_tensorflow_backend()
