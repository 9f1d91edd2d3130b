"""Commands of any words: an exit code that is documented, and one line."""

import contextlib
import io

from hypothesis import strategies as st
from strategies import fuzz

from tfp_flows.cli import main
from tfp_flows.cli.parser import make_parser
from tfp_flows.cli.values import evaluated

PARSER = make_parser()
COMMANDS = ["train", "evaluate", "sample", "export"]
FLAGS = [
    flag
    for command in PARSER._subparsers._group_actions[0].choices.values()
    for flag in command._option_string_actions
]
NUMBERS = st.one_of(st.integers().map(str), st.floats().map(str), st.just("9" * 5000))
PIECES = [*"()[]{},=-~*.1xj #", "\n", "\0", "\\", "'", '"', "**", "1e400", "f'", "b'", "%s", ":="]
PIECES += ["nets.MLP", "transforms.Affine", "partitions.Mask", "lambda:0", "__import__", "((2,))"]
PIECES += ["None", "True", "inf", "nan", "if "]
CODE = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
DEEP = st.builds(lambda piece, n: piece * n, st.sampled_from(PIECES), st.integers(100, 20000))
ANY = st.one_of(st.text(max_size=5), NUMBERS, CODE, st.sampled_from(["", "/", ".", "%", "-", "--"]))
SETTINGS = st.builds("{}={}".format, st.sampled_from(["net", "num_couplings", "x"]), CODE | DEEP)
# Words which stand for data or runs that cannot be there.
WORDS = st.one_of(st.sampled_from(FLAGS), ANY.map(lambda word: word if "/" not in word else "/no"))


def called(function, argv):
    """The exit code, and what was written to stderr."""
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = function(argv)
        except SystemExit as stop:
            code = stop.code
    return code, err.getvalue()


@fuzz(1, command=st.sampled_from([*COMMANDS, ""]) | ANY, words=st.lists(WORDS, max_size=6))
def test_words_are_parsed_or_refused(command, words):
    code, err = called(PARSER.parse_args, [command, *words])
    if code in (2, 0) and isinstance(code, int):
        assert code == 0 or err.startswith("tfp-flows: error: ")
        assert err.count("\n") == code // 2
    else:
        assert callable(code.function)


@fuzz(1, settings=st.lists(SETTINGS | CODE, max_size=3), flow=ANY | st.just("coupling_flow"))
def test_settings_are_values_or_refused(settings, flow):
    argv = ["train", "--run", "/dev/null/run", "--data", "/nowhere.csv", f"--flow={flow}"]
    if settings:
        argv += ["--set", *settings]
    code, err = called(main, argv)
    assert code in (1, 2)
    assert err.startswith("tfp-flows: error: ")
    assert err.count("\n") == 1
    assert "Error: " not in err.replace("SyntaxError", "")


@fuzz(1, text=CODE | DEEP)
def test_expressions_are_values_or_refused(text):
    with contextlib.suppress(TypeError, ValueError):
        evaluated(text)


@fuzz(
    0.3, command=st.sampled_from(["evaluate", "sample", "export"]), words=st.lists(ANY, max_size=3)
)
def test_runs_that_are_not_there(command, words):
    directory = "/nowhere/run"
    code, err = called(main, [command, directory, *words])
    assert code in (0, 1, 2)
    assert err.count("\n") == (code != 0)
