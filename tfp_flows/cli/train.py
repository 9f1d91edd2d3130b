"""`tfp-flows train`."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

import keras

from tfp_flows.cli.configuration import options_of, record
from tfp_flows.cli.drawing import context_of
from tfp_flows.cli.errors import RunError, UsageError
from tfp_flows.cli.finish import check_archive, finish, num_parameters, show
from tfp_flows.cli.flow_choice import make_flow, settings_of
from tfp_flows.cli.opening import open_source
from tfp_flows.cli.optimizers import make_optimizer
from tfp_flows.cli.recorder import Recorder, best_row, is_over
from tfp_flows.cli.run_directory import RunDirectory
from tfp_flows.training import Backup, FlowModel, SampleGrid
from tfp_flows.training.backups import Backups

# During a training.
_NUM_GRIDS = 20


def train(arguments: argparse.Namespace) -> None:
    """Starts a run, or goes on with one.

    Raises:
      UsageError: if options are wrong, do not fit the data or one another.
      RunError: if data or run are not what they should be.
      OSError: if files cannot be read or written.
    """
    run = RunDirectory(arguments.resume or arguments.run)
    options = options_of(arguments, run)
    settings_of(options["flow"], options["set"])
    if run.is_finished:
        if options == run.config()["options"]:
            print(
                f"{run.path} is finished. It goes on by other ends: tfp-flows train --resume "
                f"{run.path} with more --epochs, --minutes or --patience."
            )
            show(run)
            return
        _check_is_longer(run, options)
    try:
        with run.held():
            if not run.has_run:
                run.claim()
            _train(run, options, _progress(arguments.progress))
    except (KeyboardInterrupt, SystemExit):  # The second is what SIGTERM becomes.
        if run.has_run:
            print(f"\nGo on with: tfp-flows train --resume {run.path}", file=sys.stderr)
        raise


def _train(run: RunDirectory, options: Mapping[str, Any], progress: str) -> None:
    source = open_source(options)
    keras.utils.set_random_seed(options["seed"])
    flow = make_flow(options, source)
    integers = flow.dtype.is_integer
    model = FlowModel(flow, bin_width=1.0 if integers else source.bin_width)
    batches = source.training(integers=integers)
    model.compile(make_optimizer(options, options["epochs"] * _num_steps(options, batches)))
    record(run, options, source)
    print(f"data  {options['data']}: {source}")
    print(f"flow  {options['flow']}: {num_parameters(model):,} parameters", flush=True)
    unit, validation = "nll" if source.num_levels is None else "bits_per_dim", None
    if source.has("validation"):
        size = options["batch_size"]
        validation = source.scoring("validation", integers=integers, batch_size=size)
    # What was killed after its last epoch is only to be scored.
    if not _is_over(run, options, _restart(run)):
        model.fit(
            batches,
            validation_data=validation,
            epochs=options["epochs"],
            steps_per_epoch=options["steps_per_epoch"],
            verbose=1 if progress == "bar" else 0,
            callbacks=_callbacks(run, options, lines=unit if progress == "lines" else None),
        )
    finish(run, options, source, integers=integers)
    show(run)


def _check_is_longer(run: RunDirectory, options: Mapping[str, Any]) -> None:
    found = Backups(run.backup).newest()
    if found is None:
        raise UsageError(f"{run.backup} must hold the last state of a run that goes on; got none")
    epoch = found[0].epoch
    if _is_over(run, options, epoch):
        ends = ("epochs", "minutes", "patience")
        got = ", ".join(f"--{name} {options[name]}" for name in ends if options[name] is not None)
        raise UsageError(
            f"{run.path} must end later to go on: it has {epoch} epochs and "
            f"{run.log()[-1]['seconds'] / 60:.2f} minutes, the best epoch is "
            f"{best_row(run.log())['epoch']}; got {got}"
        )


def _restart(run: RunDirectory) -> int:
    """After how many epochs a run goes on; all that it needs is there and whole."""
    found = Backups(run.backup).newest()
    if found is None:
        return 0
    epoch = found[0].epoch
    run.sweep()
    missing = set(range(1, epoch + 1)) - {row["epoch"] for row in run.log()}
    if missing:
        raise RunError(
            f"{run.log_file} must have rows for epochs 1 to {epoch}; got none for {min(missing)}"
        )
    if epoch:
        check_archive(run.model_file)
    return epoch


def _is_over(run: RunDirectory, options: Mapping[str, Any], epoch: int) -> bool:
    rows = [row for row in run.log() if row["epoch"] <= epoch]
    seconds = None if options["minutes"] is None else 60 * options["minutes"]
    return epoch >= options["epochs"] or is_over(rows, options["patience"], seconds)


def _callbacks(
    run: RunDirectory, options: Mapping[str, Any], *, lines: str | None
) -> list[keras.callbacks.Callback]:
    # After the recorder, which keeps both kinds of weights apart, and before the pictures.
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if options["ema"] else []
    recorder = Recorder(
        run,
        patience=options["patience"],
        minutes=options["minutes"],
        averaging=averaging[0] if averaging else None,
        lines=lines,
    )
    facts = run.config()["data"]
    # After the recorder: an epoch is over when it is in the log.
    backup = Backup(run.backup, delete=False)
    if facts["kind"] != "images":
        return [recorder, backup, *averaging]
    grid = SampleGrid(
        run.samples,
        rows=4,
        columns=8,
        every=max(1, options["epochs"] // _NUM_GRIDS),
        temperatures=(1.0,),
        context=context_of(facts, 32, None),
    )
    return [recorder, backup, *averaging, grid]


def _num_steps(options: Mapping[str, Any], batches: Any) -> int:
    """In an epoch, where the schedule has to know it."""
    if options["steps_per_epoch"] is not None:
        return options["steps_per_epoch"]
    if options["schedule"] == "constant":
        return 0
    try:
        return len(batches)
    except TypeError as error:
        raise UsageError("--steps-per-epoch must be given with --schedule cosine here") from error


def _progress(asked: str) -> str:
    if asked != "auto":
        return asked
    return "bar" if sys.stdout.isatty() else "lines"
