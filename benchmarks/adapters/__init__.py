"""One module for each row: a function for each workload, which makes a `Measured`.

They run in the environment of their framework, so they import nothing but `sizes` and the helper of
that framework, `adapters.<framework>_calls`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """What a worker measures.

    Args:
      parameters: how many numbers are trained.
      calls: `train`, `log_prob`, `sample`; each computes something anew, waits until it is there
        and returns it as an array.
    """

    parameters: int
    calls: dict[str, Callable[[], Any]]
