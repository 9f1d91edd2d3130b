"""Bijectors of whole events: they hold variables, partitions and shapes."""

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.chain import Chain
from tfp_flows.bijectors.coupling import AdditiveCoupling, AffineCoupling, Coupling
from tfp_flows.bijectors.elementwise import Elementwise
from tfp_flows.bijectors.networks import KerasNetwork

__all__ = [
    "AdditiveCoupling",
    "AffineCoupling",
    "Chain",
    "Coupling",
    "Elementwise",
    "EventBijector",
    "KerasNetwork",
]
