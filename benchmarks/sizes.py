"""The sizes of the benchmarks, which the adapters of all frameworks read."""

import dataclasses

# So small that the flows stay what they are over hundreds of steps: with 1e-4 samples of
# `tfb.Glow` are infinite after twenty.
LEARNING_RATE = 1e-6


@dataclasses.dataclass(frozen=True)
class Tabular:
    """Affine couplings of vectors, whose networks are MLPs."""

    size: int = 64
    couplings: int = 8
    hidden: tuple[int, int] = (256, 256)
    batch: int = 1024

    @property
    def half(self) -> int:
        """What a network sees, and what it moves."""
        return self.size // 2


@dataclasses.dataclass(frozen=True)
class Glow:
    """Levels of steps, whose networks are convolutions 3x3, 1x1, 3x3."""

    size: int = 32
    levels: int = 3
    steps: int = 8
    filters: int = 128
    batch: int = 16

    @property
    def channels(self) -> list[int]:
        """Of each level, after its squeeze."""
        return [3 * 2 ** (level + 1) for level in range(1, self.levels + 1)]


@dataclasses.dataclass(frozen=True)
class FlowPP:
    """Mixture couplings between stripes of images; the paper's networks have ten blocks with 96."""

    size: int = 32
    couplings: int = 4
    blocks: int = 2
    filters: int = 32
    batch: int = 8


TABULAR, GLOW, FLOWPP = Tabular(), Glow(), FlowPP()
