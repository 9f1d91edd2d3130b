"""Which run a command means: a new one, or one that goes on."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

import tfp_flows
from tfp_flows.cli.errors import RunError, UsageError
from tfp_flows.cli.kept import OPTIONS
from tfp_flows.cli.opening import placed
from tfp_flows.cli.option import given, with_defaults
from tfp_flows.cli.run_directory import RunDirectory
from tfp_flows.cli.sources import Source

# They say when a training ends; an end is no part of what comes before it.
_ENDS = ("epochs", "minutes", "patience")


def options_of(arguments: argparse.Namespace, run: RunDirectory) -> dict[str, Any]:
    """All options of a run, from its directory if it is there already.

    `--resume` needs no other option, and takes those that say when a training ends. `--run` goes
    on with a run that has the same options.

    Raises:
      UsageError: if options are others than those of the run, or there are no data.
      RunError: if there is no run to resume.
    """
    said = given(arguments, OPTIONS)
    if arguments.resume is None:
        if "data" not in said:
            raise UsageError("--data must be given with --run")
        said = with_defaults(said, OPTIONS)
        _check_patience(said)
        if not run.has_run:
            return placed(said)
    kept = run.config()["options"]
    if arguments.resume is not None:
        kept = {**kept, **{name: said[name] for name in _ENDS if name in said}}
        _check_patience(kept)
    _check_same(placed({**kept, **said}), kept, run)
    return kept


def record(run: RunDirectory, options: Mapping[str, Any], source: Source) -> None:
    """Writes the configuration of a new run, or compares it with the data as they are now.

    Of a run that goes on by other options it writes these.

    Raises:
      RunError: if the data are others than those that the run was started with.
    """
    if not run.has_run:
        config = {
            "tfp_flows": tfp_flows.__version__,
            "options": options,
            "data": source.facts(),
        }
        run.write_json(run.config_file, config)
        return
    check_data(run, source)
    if options != run.config()["options"]:
        run.reopen(options)


def check_data(run: RunDirectory, source: Source) -> None:
    """Raises a `RunError` if the data are others than those that the run was started with."""
    kept, now = run.config()["data"], json.loads(json.dumps(source.facts()))
    changed = [key for key in kept if kept[key] != now.get(key)]
    if changed:
        found = "; ".join(f"{key} was {kept.get(key)}, and is {now.get(key)}" for key in changed)
        raise RunError(f"The data must be those that {run.path} was started with: {found}")


def _check_patience(options: Mapping[str, Any]) -> None:
    if options["patience"] is not None and options["validation"] == "none":
        raise UsageError("--patience must be given with a --validation; got 'none'")


def _check_same(said: Mapping[str, Any], kept: Mapping[str, Any], run: RunDirectory) -> None:
    changed = [key for key in {**kept, **said} if said.get(key) != kept.get(key)]
    if changed:
        found = "; ".join(
            f"--{key.replace('_', '-')} is {kept.get(key)!r} there, and {said.get(key)!r} here"
            for key in changed
        )
        ends = " ".join(f"--{name} {said[name]}" for name in changed if name in _ENDS)
        longer = f", with {ends} if it shall end there" if ends else ""
        raise UsageError(
            f"{run.path} holds a run with other options: {found}. Take another --run for these, "
            f"or go on with that one by --resume {run.path} alone{longer}"
        )
