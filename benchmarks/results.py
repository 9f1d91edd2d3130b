"""What was measured: seconds by row and action, and their ratios."""

import dataclasses

import numpy as np
from workloads import OURS, Row, Workload


@dataclasses.dataclass
class Measurement:
    """Of one row.

    Args:
      parameters: how many are trained.
      first: seconds of the first train step, one number for each fresh process.
      megabytes: their peaks of memory.
      seconds: of each action, one number for each round.
    """

    parameters: int
    first: list[float] = dataclasses.field(default_factory=list)
    megabytes: list[float] = dataclasses.field(default_factory=list)
    seconds: dict[str, list[float]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Result:
    """Of one workload.

    Args:
      workload: it.
      rows: measurements of the rows that ran to the end.
      failures: what the others died of.
    """

    workload: Workload
    rows: dict[Row, Measurement] = dataclasses.field(default_factory=dict)
    failures: dict[Row, str] = dataclasses.field(default_factory=dict)

    def milliseconds(self, row: Row, action: str) -> float:
        """Median over the rounds."""
        return 1e3 * float(np.median(self.rows[row].seconds[action]))

    def ratio(self, row: Row, other: Row | None, action: str) -> np.ndarray | None:
        """Quartiles, over the rounds, of one over the other in the same round."""
        if other not in self.rows or row not in self.rows:
            return None
        a, b = (np.array(self.rows[r].seconds[action]) for r in (row, other))
        return np.percentile(a / b, [25, 50, 75])

    def over_floor(self, row: Row, action: str) -> np.ndarray | None:
        """Its time over that of the bare networks of its framework."""
        return self.ratio(row, self.workload.floor(row), action)

    def fastest_peer(self, action: str) -> Row | None:
        """Of all frameworks; bare networks are no peer."""
        peers = [row for row in self.rows if row.is_peer]
        return min(peers, key=lambda row: self.milliseconds(row, action), default=None)

    def ours(self) -> Row | None:
        """Our plain row, which stands before its variants."""
        return next((row for row in self.rows if row.adapter == OURS), None)

    def stock(self, action: str) -> Row | None:
        """TFP's row, the faster one if there are two."""
        rows = [row for row in self.rows if row.adapter == "tensorflow_stock"]
        return min(rows, key=lambda row: self.milliseconds(row, action), default=None)
