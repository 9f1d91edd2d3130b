"""Scalar families: raw numbers in, an increasing map of the line out."""

from tfp_flows.transforms.additive import Additive
from tfp_flows.transforms.affine import Affine
from tfp_flows.transforms.base import ScalarTransform
from tfp_flows.transforms.mixtures import GaussianMixture, LogisticMixture
from tfp_flows.transforms.scale import Scale
from tfp_flows.transforms.scales import ExpScale, ScaleMap, SigmoidScale, TanhScale

__all__ = [
    "Additive",
    "Affine",
    "ExpScale",
    "GaussianMixture",
    "LogisticMixture",
    "ScalarTransform",
    "Scale",
    "ScaleMap",
    "SigmoidScale",
    "TanhScale",
]
