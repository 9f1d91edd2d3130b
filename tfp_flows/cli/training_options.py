"""Options that say which flow, and how it is trained."""

import math

from tfp_flows.cli.option import Option, at_least, between

FLOW = (
    Option("--flow", "coupling_flow", "its name, one of those below", metavar="NAME"),
    Option(
        "--set",
        [],
        "arguments of the flow, as written in Python: num_levels=2 filters=64 "
        "'net=nets.MLP((64, 64), dropout=0.2)'",
        metavar="NAME=VALUE",
        nargs="+",
    ),
    Option(
        "--precision",
        "float32",
        "of the networks; densities are float32 always",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    ),
)

TRAINING = (
    Option("--epochs", 10, "passes over the training data", at_least(1), metavar="N"),
    Option(
        "--steps-per-epoch",
        None,
        "batches in an epoch; all of the data if not given",
        at_least(1),
        metavar="N",
    ),
    Option("--learning-rate", 1e-3, "of Adam", between(0, math.inf), metavar="X"),
    Option(
        "--schedule",
        "constant",
        "of the learning rate after the warm-up; 'cosine' falls to 0 at the last step",
        choices=("constant", "cosine"),
    ),
    Option(
        "--warm-up", 0, "steps over which the learning rate grows", at_least(0), metavar="STEPS"
    ),
    Option("--weight-decay", 0.0, "of Adam", between(0, math.inf), metavar="X"),
    Option(
        "--clip-norm",
        100.0,
        "largest norm of the whole gradient; 0 for any",
        between(0, math.inf),
        metavar="X",
    ),
    Option(
        "--ema",
        0.0,
        "momentum of averaged weights, such as 0.999: validated, kept and sampled from in place "
        "of the last ones; 0 for none",
        between(0, 1),
        metavar="X",
    ),
    Option(
        "--patience",
        None,
        "stops after so many epochs without a better validation",
        at_least(1),
        metavar="EPOCHS",
    ),
    Option(
        "--minutes",
        None,
        "stops after so long, all parts of an interrupted training together",
        between(0, math.inf),
        metavar="X",
    ),
    Option("--seed", 0, "of weights, order, noise and parts", at_least(0), metavar="N"),
)
