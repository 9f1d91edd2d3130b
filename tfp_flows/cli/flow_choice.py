"""The flow that a run asks for, by name and arguments."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfp_flows import distributions, flows
from tfp_flows.cli.errors import UsageError
from tfp_flows.cli.sources import Source
from tfp_flows.cli.values import evaluated
from tfp_flows.nets.backend import under_policy
from tfp_flows.ops.arguments import did_you_mean
from tfp_flows.typing import Distribution

_ONE_CALL = ("coupling_flow", "nice", "realnvp", "glow", "flowpp")
# The data say what these are.
_KNOWN = ("event_shape", "num_classes", "context_shape", "standardize", "dtype")


def names() -> tuple[str, ...]:
    """Of all flows: the one-call flows, and the presets."""
    return (*_ONE_CALL, *sorted(flows.presets.__all__))


def arguments_of(name: str) -> dict[str, Any]:
    """What `--set` takes for a flow, with the defaults.

    Example:
      >>> from tfp_flows.cli.flow_choice import arguments_of
      >>> arguments_of("glow")["filters"]
      512
    """
    parameters = _parameters(name).values()
    return {each.name: each.default for each in parameters if each.name not in _KNOWN}


def settings_of(name: str, texts: Sequence[str]) -> dict[str, Any]:
    """The arguments that `--set` was given.

    Raises:
      UsageError: there is no such flow or argument, or a value is no value.
    """
    if name not in names():
        hint = did_you_mean(name, names())
        raise UsageError(f"--flow must be one of {', '.join(names())}; got {name!r}.{hint}")
    known, settings = arguments_of(name), {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key not in known:
            wanted = ", ".join(known) or "nothing"
            hint = did_you_mean(key, known)
            raise UsageError(
                f"--set must be NAME=VALUE with, for {name}, {wanted}; got {text!r}.{hint}"
            )
        try:
            settings[key] = evaluated(value)
        except (TypeError, ValueError) as error:
            raise UsageError(f"--set {key}: {error}") from error
    return settings


def make_flow(options: dict[str, Any], source: Source) -> Distribution:
    """The flow of a run, for the events of its data.

    Raises:
      UsageError: if the flow does not fit the data; says which sizes would.
    """
    name = options["flow"]
    settings = settings_of(name, options["set"])
    accepted = _parameters(name)
    if "event_shape" in accepted:
        settings["event_shape"] = source.event_shape
    if source.num_classes is not None:
        if "num_classes" not in accepted:
            others = ", ".join(each for each in names() if "num_classes" in _parameters(each))
            raise UsageError(
                f"--labels must not be given for {name}, which takes no classes; these do: {others}"
            )
        settings["num_classes"] = source.num_classes
    if source.moments is not None and "standardize" in accepted:
        settings["standardize"] = source.moments
    with under_policy(options["precision"]):
        flow = _made(name, settings, source)
        if options["dequantization"] == "learned" and flow.dtype.is_floating:
            flow = _with_learned_noise(flow, source)
    _check_fits(name, flow, source)
    return flow


def _function(name: str) -> Callable[..., Distribution]:
    return getattr(flows if name in _ONE_CALL else flows.presets, name)


def _parameters(name: str) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(_function(name)).parameters


def _made(name: str, settings: dict[str, Any], source: Source) -> Distribution:
    try:
        return _function(name)(**settings)
    except (TypeError, ValueError) as error:
        raise UsageError(f"--flow {name}: {error}{_hint(str(error), source)}") from error


def _with_learned_noise(flow: Distribution, source: Source) -> Distribution:
    if source.num_levels is None:
        raise UsageError("--dequantization must be 'uniform' for tables; got 'learned'")
    try:
        noise = flows.flowpp_noise(source.event_shape)
    except ValueError as error:
        hint = _hint(str(error), source)
        raise UsageError(f"--dequantization learned: {error}{hint}") from error
    return distributions.Dequantized(flow, source.num_levels, noise)


def _check_fits(name: str, flow: Distribution, source: Source) -> None:
    wanted, got = tuple(flow.event_shape), source.event_shape
    if wanted != got:
        sizes = "x".join(map(str, wanted))
        raise UsageError(
            f"--flow {name} must be given events of {sizes}; got {'x'.join(map(str, got))}"
            + (_size_hint(wanted, got) if len(got) == len(wanted) == 3 else "")
        )
    levels = getattr(flow, "num_levels", source.num_levels)
    if source.num_levels is not None and levels != source.num_levels:
        raise UsageError(
            f"--flow {name} must be given integers of {levels} levels; got {source.num_levels}. "
            "See --num-bits"
        )


def _hint(message: str, source: Source) -> str:
    """How to make images fit, where the flow says which sizes would."""
    if "(H, W, C)" in message and len(source.event_shape) != 3:
        return " For tables use coupling_flow or nice."
    crop, pad = (re.search(rf"{way} to \((\d+), (\d+)\)", message) for way in ("crop", "pad"))
    if pad is None:
        return ""
    cropped = f"--size {crop[1]} {crop[2]} --fit crop, or " if crop else ""
    return f" That is {cropped}--size {pad[1]} {pad[2]} --fit pad."


def _size_hint(wanted: tuple[int, ...], got: tuple[int, ...]) -> str:
    if wanted[2] != got[2]:
        return f". That is --channels {wanted[2]}" if {wanted[2], got[2]} == {1, 3} else ""
    larger = all(size >= its for size, its in zip(wanted[:2], got[:2], strict=True))
    fit = "pad" if larger else "resize"
    return f". That is --size {wanted[0]} {wanted[1]} --fit {fit}"
