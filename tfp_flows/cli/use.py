"""`tfp-flows evaluate`, `sample` and `export`: what a trained model is used for."""

import argparse
from pathlib import Path
from typing import Any

from tfp_flows import data, export as exports
from tfp_flows.cli.configuration import check_data
from tfp_flows.cli.data_options import SOURCE
from tfp_flows.cli.drawing import check_path, draw, usual_ending
from tfp_flows.cli.errors import RunError, UsageError
from tfp_flows.cli.finish import load_model
from tfp_flows.cli.image_source import class_names_of, read_images, usual_split
from tfp_flows.cli.opening import open_source, placed
from tfp_flows.cli.option import given
from tfp_flows.cli.report import score_table
from tfp_flows.cli.run_directory import RunDirectory
from tfp_flows.cli.scores import scored
from tfp_flows.cli.sources import PARTS
from tfp_flows.cli.table_source import read_rows, table_of
from tfp_flows.training import FlowModel


def evaluate(arguments: argparse.Namespace) -> None:
    """Prints scores of parts of the run's data, or of other data.

    Raises:
      UsageError: if there is no such part.
      RunError: if there is no model yet, if the data of the run have changed, or if other data are
        of another shape.
      ValueError: if other data have classes that the run does not know.
    """
    run, config, model = _opened(arguments.directory)
    said = given(arguments, SOURCE)
    size = arguments.batch_size or config["options"]["batch_size"]
    options = placed({**config["options"], **said})
    if "data" in said:
        splits = arguments.split or [usual_split(options["data"])]
        batches = _of_others(options, config["data"], model, splits, size)
    else:
        batches = _of_run(run, options, model, arguments.split or ["test"], size)
    scores = {part: scored(model, its) for part, its in batches.items()}
    print(score_table(scores, has_bits=config["data"]["kind"] == "images"), flush=True)


def sample(arguments: argparse.Namespace) -> None:
    """Draws events, and writes them to a file.

    Raises:
      UsageError: if the file is of another kind than the events, or there is no such class.
      RunError: if there is no model yet.
    """
    run, config, model = _opened(arguments.directory)
    facts = config["data"]
    name = f"seed{arguments.seed}_temperature{arguments.temperature:g}{usual_ending(facts)}"
    path = Path(arguments.output) if arguments.output else run.samples / name
    check_path(facts, path)
    draw(
        model,
        facts,
        path,
        n=arguments.n,
        temperature=arguments.temperature,
        seed=arguments.seed,
        label=arguments.label,
    )
    print(path, flush=True)


def export(arguments: argparse.Namespace) -> None:
    """Writes the flow as a SavedModel.

    Raises:
      OSError: if something else than a SavedModel is there, or it cannot be written.
      RunError: if there is no model yet.
    """
    _, _, model = _opened(arguments.directory)
    exports.save(model.distribution, arguments.path, bin_width=model.bin_width)
    print(arguments.path, flush=True)


def _opened(directory: str) -> tuple[RunDirectory, dict[str, Any], FlowModel]:
    run = RunDirectory(directory)
    config = run.config()
    if not run.model_file.is_file():
        raise RunError(f"{run.path} must hold a model; its training has not come to the first one")
    return run, config, load_model(run)


def _of_run(
    run: RunDirectory, options: dict[str, Any], model: FlowModel, parts: list[str], size: int
) -> dict[str, Any]:
    """Batches of parts of the data that the run was started with."""
    source, batches = open_source(options), {}
    check_data(run, source)
    for part in parts:
        if part not in PARTS or not source.has(part):
            wanted = ", ".join(its for its in PARTS if source.has(its))
            raise UsageError(f"--split must be of {wanted} in {run.path}; got {part!r}")
        integers = model.distribution.dtype.is_integer
        batches[part] = source.scoring(part, integers=integers, batch_size=size)
    return batches


def _of_others(
    options: dict[str, Any], facts: dict[str, Any], model: FlowModel, splits: list[str], size: int
) -> dict[str, Any]:
    """Batches of splits of other data."""
    if facts["kind"] == "table":
        rows = data.table(read_rows(options["data"], options["key"]), like=table_of(facts))
        return {options["data"]: rows.batches(size, shuffle=False, seed=0)}
    integers, batches = model.distribution.dtype.is_integer, {}
    names = class_names_of(facts) if options["labels"] else None
    for split in splits:
        batches[split] = read_images(
            options,
            split,
            {"batch_size": size, "dequantize": not integers, "class_names": names},
        )
        found = (list(batches[split].event_shape), batches[split].num_levels)
        wanted = (facts["event_shape"], facts["num_levels"])
        if found != wanted:
            raise RunError(f"--data must have images of shape and levels {wanted}; got {found}")
    return batches
