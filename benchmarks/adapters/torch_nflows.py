"""nflows."""

import sizes
import torch
from nflows import distributions, flows, transforms

from adapters import Measured, torch_calls
from adapters.torch_calls import cnn, images, measured, mlp, vectors

PACKAGES = (*torch_calls.PACKAGES, "nflows")


class _Net(torch.nn.Module):
    """A network as nflows calls it."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor, context: None = None) -> torch.Tensor:
        del context
        return self.net(x)


def tabular(*, compiled: bool) -> Measured:
    """`AffineCouplingTransform`, with masks in turn."""
    at = sizes.TABULAR
    links = []
    for i in range(at.couplings):
        mask = torch.arange(at.size) // at.half == i % 2
        links.append(transforms.AffineCouplingTransform(mask, lambda *units: _Net(mlp(*units))))
    flow = flows.Flow(transforms.CompositeTransform(links), distributions.StandardNormal([at.size]))
    return measured(
        flow.log_prob,
        lambda: flow.sample(at.batch),
        flow.parameters(),
        vectors(),
        compiled=compiled,
    )


def glow(*, compiled: bool) -> Measured:
    """`ActNorm`, `OneByOneConvolution` and couplings, in a `MultiscaleCompositeTransform`."""
    at = sizes.GLOW
    cascade = transforms.MultiscaleCompositeTransform(at.levels)
    for i, channels in enumerate(at.channels, start=1):
        links = [transforms.SqueezeTransform()]
        mask = torch.arange(channels) >= channels // 2
        for _ in range(at.steps):
            links.append(transforms.ActNorm(channels))
            links.append(transforms.OneByOneConvolution(channels))
            links.append(transforms.AffineCouplingTransform(mask, lambda *units: _Net(cnn(*units))))
        shape = (channels, at.size >> i, at.size >> i)
        cascade.add_transform(transforms.CompositeTransform(links), shape)
    flow = flows.Flow(cascade, distributions.StandardNormal([3 * at.size**2]))
    x = images()
    with torch.no_grad():
        flow.log_prob(x)  # Sets its actnorms.
    return measured(
        flow.log_prob, lambda: flow.sample(at.batch), flow.parameters(), x, compiled=compiled
    )
