"""Numbers of papers, whose models are larger and trained for longer than those of our tables."""

from typing import NamedTuple


class Published(NamedTuple):
    """One number of one model.

    Args:
      model: and its year.
      set: a key of `sets.SETS`.
      value: bits/dim, or nats.
      source: the paper that has it.
    """

    model: str
    set: str
    value: float
    source: str


NICE = "https://arxiv.org/abs/1410.8516"
REALNVP = "https://arxiv.org/abs/1605.08803"
GLOW = "https://arxiv.org/abs/1807.03039"
FFJORD = "https://arxiv.org/abs/1810.01367"
FLOWPP = "https://arxiv.org/abs/1902.00275"
NSF = "https://arxiv.org/abs/1906.04032"
MAF = "https://arxiv.org/abs/1705.07057"

PUBLISHED = (
    Published("NICE (2014)", "mnist", 4.36, NICE),
    Published("NICE (2014)", "cifar10", 4.48, NICE),
    Published("RealNVP (2016)", "mnist", 1.06, FFJORD),
    Published("RealNVP (2016)", "cifar10", 3.49, REALNVP),
    Published("Glow (2018)", "mnist", 1.05, FFJORD),
    Published("Glow (2018)", "cifar10", 3.35, GLOW),
    Published("FFJORD (2018)", "mnist", 0.99, FFJORD),
    Published("FFJORD (2018)", "cifar10", 3.40, FFJORD),
    Published("Flow++ (2019)", "cifar10", 3.08, FLOWPP),
    Published("RQ-NSF (C) (2019)", "cifar10", 3.38, NSF),
    Published("Gaussian", "miniboone", -37.24, MAF),
    Published("RealNVP, 5 couplings", "miniboone", -13.55, MAF),
    Published("RealNVP, 10 couplings", "miniboone", -13.84, MAF),
    Published("MAF, 5 layers (2017)", "miniboone", -11.75, MAF),
    Published("MAF, 10 layers (2017)", "miniboone", -12.24, MAF),
    Published("Glow (2018)", "miniboone", -11.35, FFJORD),
    Published("FFJORD (2018)", "miniboone", -10.43, FFJORD),
    Published("RQ-NSF (C) (2019)", "miniboone", -9.67, NSF),
    Published("RQ-NSF (AR) (2019)", "miniboone", -9.22, NSF),
)
