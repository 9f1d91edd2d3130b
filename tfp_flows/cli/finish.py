"""The end of a training: scores, samples, and the table of both."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfp_flows.cli.drawing import draw, usual_ending
from tfp_flows.cli.errors import RunError, told
from tfp_flows.cli.recorder import best_row
from tfp_flows.cli.report import score_table
from tfp_flows.cli.run_directory import RunDirectory
from tfp_flows.cli.scores import Score, scored
from tfp_flows.cli.sources import PARTS, Source
from tfp_flows.ops.archives import damage
from tfp_flows.training import FlowModel

# Of the training data: enough for a standard error below that of most test sets.
_AT_MOST = 10_000
_NUM_SAMPLES = 64


def load_model(run: RunDirectory) -> FlowModel:
    """The model of the best epoch.

    Raises:
      RunError: its file is damaged.
    """
    file = run.model_file
    check_archive(file)
    try:
        model = keras.saving.load_model(file, safe_mode=True)
    # Damaged parts can raise anything.
    except Exception as error:
        raise RunError(
            f"{file} is damaged, or written by another version: {told(error)}"
        ) from error
    if not isinstance(model, FlowModel):
        raise RunError(f"{file} must hold a `FlowModel`; got {model!r}")
    return model


def check_archive(file: Path) -> None:
    """Raises a `RunError` unless all parts of a `.keras` file have the checksums they should."""
    found = damage(file)
    if found is not None:
        raise RunError(f"{file} is damaged: it must be a whole .keras file: {found}")


def finish(
    run: RunDirectory, options: Mapping[str, Any], source: Source, *, integers: bool
) -> None:
    """Scores the model of the best epoch, draws samples of it, and writes `result.json`."""
    model, rows = load_model(run), run.log()
    scores = {
        part: scored(
            model,
            source.scoring(part, integers=integers, batch_size=options["batch_size"]),
            at_most=_AT_MOST if part == "train" else None,
        )
        for part in PARTS
        if source.has(part)
    }
    facts = run.config()["data"]
    try:
        path = run.samples / f"samples{usual_ending(facts)}"
        draw(model, facts, path, n=_NUM_SAMPLES, seed=options["seed"])
    except RunError as error:
        # The scores are worth having without pictures.
        print(f"tfp-flows: {told(error)}", file=sys.stderr)
    result = {
        "flow": options["flow"],
        "num_parameters": num_parameters(model),
        "epochs": rows[-1]["epoch"],
        "best_epoch": best_row(rows)["epoch"],
        "seconds": rows[-1]["seconds"],
        "finished": time.strftime("%Y-%m-%d %H:%M:%S"),
        "scores": {part: score._asdict() for part, score in scores.items()},
    }
    run.write_json(run.result_file, result)


def show(run: RunDirectory) -> None:
    """Prints the result of a finished run.

    Raises:
      RunError: `result.json` is damaged.
    """
    result, has_bits = run.read_json(run.result_file), run.config()["data"]["kind"] == "images"
    try:
        scores = {part: Score(**score) for part, score in result["scores"].items()}
        lines = [
            f"parameters  {result['num_parameters']:,}",
            f"epochs      {result['epochs']}, the best is {result['best_epoch']}",
            f"time        {result['seconds']:,.0f} s",
            "",
            score_table(scores, has_bits=has_bits),
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run.result_file} must be as `train` wrote it: {told(error)}") from error
    print("", *lines, "", sep="\n")
    print(f"files in {run.path}: {', '.join(run.files())}", flush=True)


def num_parameters(model: FlowModel) -> int:
    """Numbers that are trained."""
    return sum(int(np.prod(v.shape)) for v in model.distribution.trainable_variables)
