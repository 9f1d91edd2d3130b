"""zuko."""

import sizes
import zuko

from adapters import Measured, torch_calls
from adapters.torch_calls import measured, vectors

PACKAGES = (*torch_calls.PACKAGES, "zuko")


def tabular(*, compiled: bool) -> Measured:
    """`flows.RealNVP`, whose couplings are affine."""
    at = sizes.TABULAR
    flow = zuko.flows.RealNVP(at.size, transforms=at.couplings, hidden_features=at.hidden)
    return measured(
        lambda x: flow().log_prob(x),
        lambda: flow().sample((at.batch,)),
        flow.parameters(),
        vectors(),
        compiled=compiled,
    )
