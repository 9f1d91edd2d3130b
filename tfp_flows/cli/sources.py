"""What the commands need of data, whether images or tables."""

import abc
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from tfp_flows.cli.errors import UsageError
from tfp_flows.data import Batches
from tfp_flows.typing import Shape

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


class Source(abc.ABC):
    """Events in up to three parts, which options describe.

    Args:
      options: of `data_options`, by name.
    """

    event_shape: Shape
    """Of one event."""
    num_levels: int | None = None
    """Values that a pixel can take; `None` for tables."""
    bin_width: float = 1.0
    """Distance of neighbouring levels, as noisy numbers; 1 for tables."""
    num_classes: int | None = None
    """Of the contexts; `None` for flows without."""
    moments: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Means and standard deviations of the columns of a table."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options

    @abc.abstractmethod
    def has(self, part: Part) -> bool:
        """Whether there is such a part."""

    @abc.abstractmethod
    def num_events(self, part: Part) -> int | None:
        """In a part; `None` if that is not known."""

    @abc.abstractmethod
    def training(self, *, integers: bool) -> Batches:
        """Shuffled batches of the training part, for `FlowModel.fit`."""

    @abc.abstractmethod
    def scoring(self, part: Part, *, integers: bool, batch_size: int) -> Batches:
        """Batches of a part in its own order, with the same noise in each process."""

    @abc.abstractmethod
    def facts(self) -> dict[str, Any]:
        """What a run has to know of its data to go on, and to draw samples without them."""

    @abc.abstractmethod
    def __str__(self) -> str:
        """A line for people."""


class Where(NamedTuple):
    """Where a part comes from: a fraction of the training data, another place, or nowhere."""

    fraction: float = 0.0
    place: str | None = None

    @property
    def exists(self) -> bool:
        """Whether there is such a part."""
        return bool(self.fraction or self.place)


def where(name: str, text: str) -> Where:
    """What an option such as `--validation` means.

    Raises:
      UsageError: if it is a number out of range.

    Example:
      >>> from tfp_flows.cli.sources import where
      >>> where("validation", "0.1"), where("test", "test"), where("test", "none").exists
      (Where(fraction=0.1, place=None), Where(fraction=0.0, place='test'), False)
    """
    if text == "none":
        return Where()
    try:
        fraction = float(text)
    except ValueError:
        return Where(place=text)
    if not 0 < fraction < 1:
        raise UsageError(f"--{name} must be a fraction between 0 and 1; got {text}")
    return Where(fraction=fraction)
