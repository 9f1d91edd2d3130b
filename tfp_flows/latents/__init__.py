"""What a flow's latents are good for: levels, temperatures, paths between images, attributes."""

from tfp_flows.latents.attributes import attribute_direction, move
from tfp_flows.latents.encoding import decode, encode
from tfp_flows.latents.interpolation import interpolate
from tfp_flows.latents.manifolds import manifold
from tfp_flows.latents.sampling import resample, sample

__all__ = [
    "attribute_direction",
    "decode",
    "encode",
    "interpolate",
    "manifold",
    "move",
    "resample",
    "sample",
]
