"""The couplings of the papers, by their names."""

from typing import Any

from tfp_flows.bijectors.coupling import Coupling
from tfp_flows.partitions import Partition
from tfp_flows.transforms import (
    Additive,
    Affine,
    GaussianMixture,
    LogisticMixture,
    ScaleMap,
    TanhScale,
)
from tfp_flows.typing import Net


def AdditiveCoupling(
    partition: Partition, net: Net, *, name: str = "additive_coupling", **kwargs: Any
) -> Coupling:
    """`Coupling` with `transforms.Additive`: NICE's `z2 = x2 + net(x1)`, with log-det 0.

    Args:
      partition: as in `Coupling`.
      net: as in `Coupling`, with one raw number for each moved entry.
      name: as in TFP.
      **kwargs: as in `Coupling`.
    """
    return Coupling(partition, Additive(), net, name=name, **kwargs)


def AffineCoupling(
    partition: Partition,
    net: Net,
    *,
    scale: ScaleMap = TanhScale(),
    name: str = "affine_coupling",
    **kwargs: Any,
) -> Coupling:
    """`Coupling` with `transforms.Affine`: RealNVP's `z2 = (x2 + t(x1)) * exp(s(x1))`.

    Args:
      partition: as in `Coupling`.
      net: as in `Coupling`, with two raw numbers for each moved entry.
      scale: how the second raw number becomes the log-scale `s`, and its bound.
      name: as in TFP.
      **kwargs: as in `Coupling`.
    """
    return Coupling(partition, Affine(scale), net, name=name, **kwargs)


def LogisticMixtureCoupling(
    partition: Partition,
    net: Net,
    *,
    num_components: int = 32,
    scale: ScaleMap = TanhScale(1.0),
    spread: float = 1.0,
    log_scale_bound: float = 7.0,
    name: str = "logistic_mixture_coupling",
    **kwargs: Any,
) -> Coupling:
    """`Coupling` with `transforms.LogisticMixture`, as in Flow++ (arXiv 1902.00275, section 3.2).

    `z2 = logit(F(x2; net(x1))) * exp(s(x1)) + t(x1)`, with `F` the cdf of a mixture.

    Args:
      partition: as in `Coupling`.
      net: as in `Coupling`, with `2 + 3 * num_components` raw numbers for each moved entry.
      num_components: of the mixtures.
      scale: how a raw number becomes the log-scale `s`, and its bound.
      spread: how the components are set apart, see `transforms.LogisticMixture`.
      log_scale_bound: of the components, see `transforms.LogisticMixture`.
      name: as in TFP.
      **kwargs: as in `Coupling`.
    """
    transform = LogisticMixture(
        num_components, scale=scale, spread=spread, log_scale_bound=log_scale_bound
    )
    return Coupling(partition, transform, net, name=name, **kwargs)


def GaussianMixtureCoupling(
    partition: Partition,
    net: Net,
    *,
    num_components: int = 32,
    scale: ScaleMap = TanhScale(1.0),
    spread: float = 1.0,
    log_scale_bound: float = 7.0,
    name: str = "gaussian_mixture_coupling",
    **kwargs: Any,
) -> Coupling:
    """`Coupling` with `transforms.GaussianMixture`; otherwise as `LogisticMixtureCoupling`.

    Args:
      partition: as in `Coupling`.
      net: as in `Coupling`, with `2 + 3 * num_components` raw numbers for each moved entry.
      num_components: of the mixtures.
      scale: how a raw number becomes the log-scale `s`, and its bound.
      spread: how the components are set apart, see `transforms.LogisticMixture`.
      log_scale_bound: of the components, see `transforms.LogisticMixture`.
      name: as in TFP.
      **kwargs: as in `Coupling`.
    """
    transform = GaussianMixture(
        num_components, scale=scale, spread=spread, log_scale_bound=log_scale_bound
    )
    return Coupling(partition, transform, net, name=name, **kwargs)
