"""Bijectors of whole events: they hold variables, partitions and shapes."""

from tfp_flows.bijectors.actnorm import ActNorm
from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.batch_normalization import BatchNormalization
from tfp_flows.bijectors.chain import Chain
from tfp_flows.bijectors.coupling import Coupling
from tfp_flows.bijectors.couplings import (
    AdditiveCoupling,
    AffineCoupling,
    GaussianMixtureCoupling,
    LogisticMixtureCoupling,
)
from tfp_flows.bijectors.elementwise import Elementwise
from tfp_flows.bijectors.factor_out import FactorOut
from tfp_flows.bijectors.invertible_conv import InvertibleConv1x1
from tfp_flows.bijectors.logit import Logit
from tfp_flows.bijectors.multi_scale import latent_shapes, multi_scale
from tfp_flows.bijectors.networks import KerasNetwork
from tfp_flows.bijectors.partwise import Partwise
from tfp_flows.bijectors.squeeze import Squeeze
from tfp_flows.bijectors.standardize import Standardize

__all__ = [
    "ActNorm",
    "AdditiveCoupling",
    "AffineCoupling",
    "BatchNormalization",
    "Chain",
    "Coupling",
    "Elementwise",
    "EventBijector",
    "FactorOut",
    "GaussianMixtureCoupling",
    "InvertibleConv1x1",
    "KerasNetwork",
    "LogisticMixtureCoupling",
    "Logit",
    "Partwise",
    "Squeeze",
    "Standardize",
    "latent_shapes",
    "multi_scale",
]
