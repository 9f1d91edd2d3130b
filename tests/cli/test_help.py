"""The parser: every option says what it does."""

import argparse
import configparser
import importlib
import pathlib
import re
import runpy
import sys

import pytest

import tfp_flows
from tfp_flows import flows
from tfp_flows.cli.parser import make_parser

COMMANDS = ("train", "evaluate", "sample", "export")


def _parsers():
    parser = make_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return commands.choices


def test_these_are_the_commands():
    assert tuple(_parsers()) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_help_and_says_what_it_does(command, call):
    parser = _parsers()[command]
    code, out, _ = call(command, "--help")
    assert code == 0
    for action in parser._actions:
        assert len(action.help or "") > 8, action
        for flag in action.option_strings:
            assert re.search(rf"^  .*{flag}\b", out, re.MULTILINE), flag
        assert " ".join(action.help.split()) in " ".join(out.split()), action


def test_defaults_are_in_the_help(call):
    _, out, _ = call("train", "--help")
    words = " ".join(out.split())
    assert "events in a batch (default: 64)" in words
    assert "of Adam (default: 0.001)" in words


def test_help_of_train_names_every_flow_and_its_arguments(call):
    _, out, _ = call("train", "--help")
    for name in ("nice", "realnvp", "glow", "flowpp", "coupling_flow", *flows.presets.__all__):
        assert re.search(rf"\b{name}\b", out), name
    assert "glow: num_levels, num_steps, filters, " in out


def test_no_command_is_wrong_usage(call):
    code, _, err = call()
    assert code == 2
    assert err.startswith("tfp-flows: error: ")


def test_version_is_that_of_the_package(call):
    code, out, _ = call("--version")
    assert (code, out) == (0, f"tfp-flows {tfp_flows.__version__}\n")


def test_package_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tfp_flows", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("tfp_flows", run_name="__main__")
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^    {command} +\w", shown, re.MULTILINE)


def test_entry_point_is_the_same_function():
    config = configparser.ConfigParser()
    config.read(pathlib.Path(__file__).parents[2] / "setup.cfg")
    scripts = config["options.entry_points"]["console_scripts"].split()
    assert scripts == ["tfp-flows", "=", "tfp_flows.cli:main"]
    assert callable(importlib.import_module("tfp_flows.cli").main)
