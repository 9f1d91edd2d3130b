"""What `config.json` of a run may say: options of `train`, and what was found in the data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfp_flows.cli.data_options import DATA
from tfp_flows.cli.errors import RunError
from tfp_flows.cli.option import Option, with_defaults
from tfp_flows.cli.training_options import FLOW, TRAINING

OPTIONS = (*DATA, *FLOW, *TRAINING)
_BY_NAME = {option.name: option for option in OPTIONS}
_COUNT = "a whole number of at least 1"
_KINDS = ("real", "integer", "categorical")


def checked_config(config: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The configuration, if it says what `train` can have written.

    It cannot name code: a flow is one of a list, and its arguments are read as those of `--set`.

    Raises:
      RunError: it says something else; names the file.
    """
    options, facts = config.get("options"), config.get("data")
    if not isinstance(options, dict) or not isinstance(facts, dict):
        raise RunError(f"{file} must have 'options' and 'data'; got {_short(list(config))}")
    for name, value in options.items():
        if name in _BY_NAME and not _fits(_BY_NAME[name], value):
            raise RunError(f"{file} must have options as of `train`; got {name} {_short(value)}")
    if options.get("data") is None:
        raise RunError(f"{file} must have options as of `train`; got no data")
    wanted = _wanted_of(facts)
    if wanted is not None:
        raise RunError(f"{file} must have, of the data, {wanted}; got {_short(facts)}")
    # Those that an earlier version did not know are as if they were not given.
    return {**config, "options": with_defaults(options, OPTIONS)}


def _fits(option: Option, value: Any) -> bool:
    if option.type is bool or value is None:
        return isinstance(value, bool) if option.type is bool else option.default is None
    if option.nargs is not None:
        is_right = isinstance(value, list) and (option.nargs == "+" or len(value) == option.nargs)
        return is_right and all(_is_one(option, item) for item in value)
    return _is_one(option, value)


def _is_one(option: Option, value: Any) -> bool:
    """Whether the parser makes the same value of it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if option.choices is not None:
        return value in option.choices
    try:
        return option.type(str(value)) == value
    except Exception:  # What parsers of values raise.
        return False


def _wanted_of(facts: Mapping[str, Any]) -> str | None:
    """What was wanted where a fact is wrong."""
    events = facts.get("num_events")
    if not isinstance(events, dict) or not all(map(_is_count_or_none, events.values())):
        return "'num_events' of its parts"
    if facts.get("kind") == "images":
        return _wanted_of_images(facts)
    if facts.get("kind") != "table":
        return "the kind 'images' or 'table'"
    columns = facts.get("columns")
    if isinstance(columns, list) and columns and all(map(_is_column, columns)):
        return None
    return f"'columns', each of a name, a kind of {', '.join(_KINDS)} and categories"


def _wanted_of_images(facts: Mapping[str, Any]) -> str | None:
    shape = facts.get("event_shape")
    if not isinstance(shape, list) or len(shape) != 3 or not all(map(_is_count, shape)):
        return f"an 'event_shape' [H, W, C], each {_COUNT}"
    if not _is_count(facts.get("num_levels")):
        return f"'num_levels', {_COUNT}"
    classes, names = facts.get("num_classes"), facts.get("class_names")
    if not _is_count_or_none(classes):
        return f"'num_classes', {_COUNT}"
    if names is None:
        return None
    are_names = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return None if are_names and len(names) == classes else "'class_names', one for each class"


def _is_column(column: Any) -> bool:
    return (
        isinstance(column, dict)
        and isinstance(column.get("name"), str | int)
        and column.get("kind") in _KINDS
        and isinstance(column.get("categories"), list)
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_count_or_none(value: Any) -> bool:
    return value is None or _is_count(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "..."
