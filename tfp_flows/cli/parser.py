"""The parser of the command line."""

import argparse
import textwrap
from typing import Any, NoReturn

import tfp_flows
from tfp_flows.cli.data_options import IMAGES, PARTS, SOURCE, TABLES
from tfp_flows.cli.flow_choice import arguments_of, names
from tfp_flows.cli.option import Option, at_least, between
from tfp_flows.cli.train import train
from tfp_flows.cli.training_options import FLOW, TRAINING
from tfp_flows.cli.use import evaluate, export, sample

_ENDS = "Exit codes: 0, 1 for failures, 2 for wrong usage, 130 after Ctrl-C, 143 after SIGTERM."


class _Parser(argparse.ArgumentParser):
    def __init__(self, **kwargs: Any) -> None:
        # A script that says `--epoch` would break by a new option of such a name.
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        """One line, as for all errors, whatever was typed."""
        message = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
        self.exit(2, f"tfp-flows: error: {message} (see {self.prog} --help)\n")


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `parse_args` gives a namespace with the `function` to call."""
    parser = _Parser(prog="tfp-flows", description="Normalizing flows.", epilog=_ENDS)
    parser.add_argument("--version", action="version", version=f"%(prog)s {tfp_flows.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_train(_command(commands, "train", train, "fits a flow to images or to a table"))
    _add_evaluate(_command(commands, "evaluate", evaluate, "scores data under a trained flow"))
    _add_sample(_command(commands, "sample", sample, "draws samples from a trained flow"))
    exporting = _command(commands, "export", export, "writes a trained flow as a SavedModel")
    _add_directory(exporting)
    exporting.add_argument(
        "path", metavar="PATH", help="the directory to write; an earlier export there is replaced"
    )
    return parser


def _command(commands: Any, name: str, function: Any, summary: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(function=function)
    command.add_argument(
        "--traceback", action="store_true", help="shows where in the code an error came from"
    )
    return command


def _add_train(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--run",
        metavar="DIR",
        help="the directory of the run, a new one, or one that was started with the same options, "
        "which goes on: its configuration, log, weights and samples go there",
    )
    which.add_argument(
        "--resume",
        metavar="DIR",
        help="goes on with the run there, by its own options; with others for --epochs, --minutes "
        "or --patience also after its end",
    )
    parser.add_argument(
        "--progress",
        choices=("auto", "bar", "lines", "none"),
        default="auto",
        help="a bar, or a line for each epoch; 'auto' is a bar on terminals (default: auto)",
    )
    _add_group(parser, "data", (*SOURCE, *PARTS))
    _add_group(parser, "images", IMAGES)
    _add_group(parser, "tables", TABLES)
    _add_group(parser, "flow", FLOW)
    _add_group(parser, "training", TRAINING)
    parser.epilog = _flows_text()


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    _add_directory(parser)
    _add_group(parser, "other data than those of the run", SOURCE)
    parser.add_argument(
        "--split",
        nargs="+",
        metavar="PART",
        help="of the run's data: train, validation or test; of other data their splits "
        "(default: test, and all of an array or of a folder without a test folder)",
    )
    parser.add_argument(
        "--batch-size", type=at_least(1), metavar="N", help="events in a batch (default: the run's)"
    )


def _add_sample(parser: argparse.ArgumentParser) -> None:
    _add_directory(parser)
    parser.add_argument(
        "-n", type=at_least(1), default=64, metavar="N", help="how many (default: 64)"
    )
    parser.add_argument(
        "--temperature",
        type=between(0, float("inf")),
        default=1.0,
        metavar="X",
        help="of the base: less than 1 for more typical events (default: 1)",
    )
    parser.add_argument(
        "--seed", type=at_least(0), default=0, metavar="N", help="of the draws (default: 0)"
    )
    parser.add_argument(
        "--label",
        metavar="CLASS",
        help="of flows trained with --labels: the name of a class, such as that of its folder, or "
        "else its number; all classes in turn if not given",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help=".png for images, .csv for tables, .npy for both (default: in samples/ of the run)",
    )


def _add_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="of a run, as `train --run` wrote it")


def _add_group(parser: argparse.ArgumentParser, title: str, options: tuple[Option, ...]) -> None:
    group = parser.add_argument_group(title)
    for option in options:
        option.add_to(group)


def _flows_text() -> str:
    """All flows, and what `--set` takes for each."""
    takes = {name: ", ".join(arguments_of(name)) for name in names()}
    lines = [f"{name}: {arguments}" for name, arguments in takes.items() if arguments]
    lines.append("without arguments: " + ", ".join(n for n, its in takes.items() if not its))
    wrapped = [
        textwrap.fill(line, 78, initial_indent="  ", subsequent_indent="      ") for line in lines
    ]
    return "\n".join(["flows, and what --set takes for them:", *wrapped])
