"""Draws samples of a run, and writes them."""

import csv
import io
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows import data, latents
from tfp_flows.cli.errors import RunError, UsageError
from tfp_flows.cli.table_source import table_of
from tfp_flows.ops.arguments import did_you_mean
from tfp_flows.ops.files import written_beside
from tfp_flows.ops.seeds import stateless_seed
from tfp_flows.training import FlowModel
from tfp_flows.training.callbacks.pictures import grid, write_png
from tfp_flows.typing import Distribution

# Of one pass: 340 images of 32x32 pixels, and not too many rows of a narrow table.
_MOST_EVENTS, _MOST_NUMBERS = 4096, 2**20
_ENDINGS = {"images": (".png", ".npy"), "table": (".csv", ".npy")}


def draw(
    model: FlowModel,
    facts: Mapping[str, Any],
    path: Path,
    *,
    n: int,
    temperature: float = 1.0,
    seed: int = 0,
    label: str | None = None,
) -> None:
    """Writes samples as a picture, a table or an array.

    Samples with NaN or inf are left out; stderr says how many.

    Args:
      model: whose samples.
      facts: what the run knows of its data.
      path: ends in what is written: `.png` for images, `.csv` for tables, `.npy` for both.
      n: how many.
      temperature: of the base.
      seed: the same one gives the same samples, for the same number of them.
      label: name or number of a class, of conditional flows; `None` for all classes in turn.

    Raises:
      UsageError: if the data are of another kind than the file, or there is no such class.
      RunError: if no sample is finite.
      OSError: if the file cannot be written.
    """
    check_path(facts, path)
    context = context_of(facts, n, label)
    # Of integers under a flow, the flow: temperatures are those of its base.
    flow = getattr(model.distribution, "flow", model.distribution)
    samples = _drawn(flow, n, context, temperature, seed)
    finite = np.isfinite(samples.reshape(n, -1)).all(axis=1)
    if not finite.any():
        raise RunError(f"Samples must be finite; got NaN or inf in all {n} of them")
    if not finite.all():
        bad = n - int(finite.sum())
        print(f"tfp-flows: {bad} of {n} samples hold NaN or inf: left out", file=sys.stderr)
        samples = samples[finite]
    path.parent.mkdir(parents=True, exist_ok=True)
    if facts["kind"] == "images":
        samples = data.quantize(samples, facts["num_levels"]).numpy()
    if path.suffix == ".npy":
        file = io.BytesIO()
        np.save(file, samples)
        # NumPy itself does not see all errors of a full disk.
        with written_beside(path) as beside:
            beside.write_bytes(file.getbuffer())
    elif facts["kind"] == "images":
        brightest = facts["num_levels"] - 1
        pixels = (samples.astype(np.float64) * 255 / brightest).round().astype(np.uint8)
        write_png(path, grid(pixels, np.zeros(len(pixels), bool), math.isqrt(len(pixels))))
    else:
        _write_csv(table_of(facts).to_columns(samples), path)


def usual_ending(facts: Mapping[str, Any]) -> str:
    """Of samples of such data."""
    return _ENDINGS[facts["kind"]][0]


def check_path(facts: Mapping[str, Any], path: Path) -> None:
    """Raises a `UsageError` unless samples of such data go into such a file."""
    endings = _ENDINGS[facts["kind"]]
    if path.suffix not in endings:
        raise UsageError(f"--output must end in {' or '.join(endings)} here; got {path}")


def context_of(facts: Mapping[str, Any], n: int, label: str | None) -> np.ndarray | None:
    """Classes for `n` samples; `None` if the flow has none.

    Raises:
      UsageError: if there is no such class.
    """
    classes = facts.get("num_classes")
    if classes is None:
        if label is not None:
            raise UsageError(f"--label must not be given: the flow has no classes; got {label}")
        return None
    if label is None:
        return np.arange(n) % classes
    names = facts.get("class_names") or []
    if label in names:
        return np.full([n], names.index(label))
    # Where names are numbers, no other number says which class is meant.
    takes_numbers = not any(name.isdecimal() for name in names)
    if takes_numbers and label.isdecimal() and int(label) < classes:
        return np.full([n], int(label))
    wanted = [f"in 0..{classes - 1}"] if takes_numbers else []
    if names:
        wanted.append(f"one of {', '.join(names[:20])}{', ...' * (len(names) > 20)}")
    hint = did_you_mean(label, names)
    raise UsageError(f"--label must be {' or '.join(wanted)}; got {label}.{hint}")


def _drawn(
    flow: Distribution, n: int, context: np.ndarray | None, temperature: float, seed: int
) -> np.ndarray:
    """In several passes, as the memory of one grows with what it draws."""
    size = min(_MOST_EVENTS, max(1, _MOST_NUMBERS // math.prod(flow.event_shape)))
    return np.concatenate(
        [
            latents.sample(
                flow,
                min(size, n - start),
                temperature=temperature,
                seed=tf.random.fold_in(stateless_seed(seed), start),
                context=None if context is None else context[start : start + size],
            )
            for start in range(0, n, size)
        ]
    )


def _write_csv(columns: Mapping[Any, np.ndarray], path: Path) -> None:
    with written_beside(path) as beside, beside.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
