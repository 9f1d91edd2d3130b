"""Finds out what `--data` names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfp_flows.cli.errors import RunError, UsageError
from tfp_flows.cli.loaded_images import LoadedImages
from tfp_flows.cli.sources import Source
from tfp_flows.cli.streamed_images import StreamedImages
from tfp_flows.cli.table_source import TableSource
from tfp_flows.data.numpy_files import read_array

_TABLES = (".csv", ".csv.gz", ".npz", ".npy")


def open_source(options: Mapping[str, Any]) -> Source:
    """Reads the data of a run.

    Raises:
      UsageError: if options do not fit the data.
      RunError: if there are none.
    """
    name = options["data"]
    if name.endswith(_TABLES):
        if not Path(name).is_file():
            raise RunError(f"--data must be a file that is there; got {name}")
        if not _holds_images(name):
            return TableSource(options)
    elif Path(name).is_file():
        raise UsageError(f"--data must end in one of {', '.join(_TABLES)}; got {name}")
    elif name.startswith(("/", ".", "~")) and not Path(name).is_dir():
        raise RunError(f"--data must be a folder that is there; got {name}")
    return (LoadedImages if options["cache"] == "memory" else StreamedImages)(options)


def placed(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with absolute paths, so that a run goes on from anywhere."""
    changed = dict(options)
    if changed["data"] != "digits" and Path(changed["data"]).exists():
        changed["data"] = str(Path(changed["data"]).resolve())
    if changed["data_dir"]:
        changed["data_dir"] = str(Path(changed["data_dir"]).expanduser().resolve())
    for key in ("validation", "test"):
        if Path(changed[key]).is_file():
            changed[key] = str(Path(changed[key]).resolve())
    if changed["cache"] not in ("memory", "none"):
        changed["cache"] = str(Path(changed["cache"]).resolve())
    return changed


def _holds_images(name: str) -> bool:
    if not name.endswith(".npy"):
        return False
    return read_array(name, mapped=True).ndim == 4
