"""Where elements are kept after they were read once."""

import hashlib
import os
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfp_flows.data.elements import Elements


def kept(elements: Elements, cache: Any, key: Any) -> Elements:
    """The elements in memory, in a file, or read anew in each epoch.

    Args:
      elements: to keep; arrays are in memory as they are.
      cache: `True` for memory, a path that files shall begin with, `False` for neither.
      key: what the elements are made of. Another one gets another file.

    Raises:
      TypeError: `cache` is of another type.
      ValueError: there are no elements, or no end of them.
    """
    if not isinstance(cache, bool | str | os.PathLike):
        raise TypeError(f"`cache` must be True, False or a path; got {cache!r}.")
    if cache is False or elements.arrays is not None:
        return elements
    if elements.dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("`source` must be finite with `cache`; got an infinite dataset.")
    if cache is True:
        return elements.loaded()
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    path = Path(f"{os.fspath(cache)}-{digest}")
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = elements.dataset.cache(str(path))
    if not path.with_name(path.name + ".index").exists():
        # Now, in one go: an epoch that is left early would leave a part of a file behind.
        for _ in stored:
            pass
    return Elements(stored, elements.num_classes)
