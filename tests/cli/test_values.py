"""Expressions of `--set`: parts of this package, and nothing else."""

import math

import pytest

from tfp_flows import nets, partitions, transforms
from tfp_flows.cli.values import evaluated


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-1e-3", -1e-3),
        ("None", None),
        ("True", True),
        ("full", "full"),
        ("'full'", "full"),
        ("inf", math.inf),
        ("((0, 2), [1])", ((0, 2), [1])),
        ("nets.MLP((8, 8), dropout=0.1)", nets.MLP((8, 8), dropout=0.1)),
        (
            "transforms.Affine(transforms.TanhScale(bound=2.0))",
            transforms.Affine(transforms.TanhScale(bound=2.0)),
        ),
        ("[partitions.Halves(parity=1)]", [partitions.Halves(parity=1)]),
    ],
)
def test_values(text, value):
    assert evaluated(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('x')",
        "nets.checks.check_sizes(1)",
        "nets.MLP.__class__()",
        "nets.__loader__()",
        "[x for x in (1,)]",
        "lambda: 1",
        "nets.MLP(**{})",
        "nets.MLP(*[1])",
        "1 +",
        "",
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match="must be a literal, or a class of `nets`"):
        evaluated(text)


@pytest.mark.parametrize("text", ["nets.MLP" * 1000, "-" * 20000 + "1", "(" * 5000, "1\0"])
def test_no_depth_is_too_much_to_be_refused(text):
    with pytest.raises(ValueError, match="must be a literal, or a class of"):
        evaluated(text)


def test_wrong_arguments_are_errors_of_their_own():
    with pytest.raises(TypeError, match="dropuot"):
        evaluated("nets.MLP(dropuot=0.1)")
