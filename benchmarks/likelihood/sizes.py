"""What the flows of all libraries have in common."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Glow:
    """Levels of steps, and the width of the networks; data in [0, 1] start with a logit."""

    levels: int = 2
    steps: int = 8
    filters: int = 48
    alpha: float = 1e-3


@dataclasses.dataclass(frozen=True)
class Table:
    """Layers, the hidden layers of the network of each, components of a mixture, bins."""

    layers: int = 8
    hidden: tuple[int, int] = (128, 128)
    components: int = 8


GLOW, TABLE = Glow(), Table()
