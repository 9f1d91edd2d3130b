"""What `recompute=` saves and costs: Glow at 16x16x12, 128 filters, batch 96, by depth.

    make bench

Steps of actnorm, 1x1 convolution and affine coupling (networks of convolutions 3x3, 1x1, 3x3), and
a step of Adam. Memory: a process for each depth and mode, and its peak of resident memory over what
it was before the first step. Activations are what is left of it after that of a process with a
batch of 1 is taken off: the graph, the weights, and the optimizer. Growth a step is the slope of a
line through the depths. Time: all modes in one process, repetitions interleaved (A B C A B C ...),
and a ratio is the median over repetitions. Writes `docs/results/recompute_cost.md`.
"""

import argparse
import datetime
import os
import pathlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
from page import machine

from tfp_flows import flows, training, transforms

MODES = (None, "checkpoint", "inverse")
DEPTHS = (8, 16, 24, 32)
FILTERS, BATCH = 128, 96
MEGABYTE = 2**20
STATM = pathlib.Path("/proc/self/statm")
PAGE = pathlib.Path(__file__).parents[1] / "docs" / "results" / "recompute_cost.md"
PARTS = ("all", "activations")
INTRODUCTION = """\
# What `recompute=` saves and costs

Written by `make bench` on {date}: {machine}; TensorFlow {version}, two threads. A train step with
Adam of Glow at 16x16x12 with 128 filters, batch {batch}. Memory: the peak of a process over three
steps, less what it held before; activations are what is left of it after that of a batch of 1 is
taken off. "A step" is the slope of a line through the depths. Times of depth {depth}: {rounds}
repetitions, interleaved in one process; ratios are medians, with quartiles.
"""


def make_images(batch: int = BATCH) -> tf.Tensor:
    """Uniform noise, 16x16x12 after the squeeze."""
    return tf.random.stateless_uniform([batch, 32, 32, 3], seed=[0, 1])


def plain_net(kept: tuple, moved: tuple, num_params: int, context: None = None) -> keras.Model:
    """Three convolutions, in Keras 3."""
    del context
    return keras.Sequential(
        [
            keras.layers.Input(kept),
            keras.layers.Conv2D(FILTERS, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(FILTERS, 1, activation="relu"),
            keras.layers.Conv2D(num_params * moved[-1], 3, padding="same"),
        ]
    )


def train_step(depth: int, recompute: str | None) -> Callable[[tf.Tensor], tf.Tensor]:
    """That of a Glow of one level, as a traced function."""
    keras.utils.set_random_seed(0)
    flow = flows.glow(
        (32, 32, 3),
        num_levels=1,
        num_steps=depth,
        transform=transforms.Affine(),
        net=plain_net,
        learned_prior=False,
        recompute=recompute,
    )
    training.initialize(flow, make_images())
    variables, optimizer = list(flow.trainable_variables), keras.optimizers.Adam(1e-4)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(x))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def peak(depth: int, recompute: str | None, batch: int) -> float:
    """Megabytes of resident memory that training takes."""
    step, images = train_step(depth, recompute), make_images(batch)
    before = int(STATM.read_text().split()[1]) * resource.getpagesize()
    for _ in range(3):
        step(images).numpy()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / MEGABYTE


def peak_of_a_process(depth: int, recompute: str | None, batch: int) -> float:
    """The same, in a process of its own, which gives back what it frees at once."""
    command = [sys.executable, __file__, "--peak", str(depth), str(recompute), str(batch)]
    env = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    return float(done.stdout.split()[-1])


def memory_table(depths: list[int]) -> str:
    """Megabytes by depth, and the growth a step."""
    header = ["`recompute`", "memory, MB", *(f"depth {d}" for d in depths), "a step", "of plain"]
    rows, slopes = [header, ["---"] * len(header)], {}
    for mode in MODES:
        whole, fixed = (
            np.array([peak_of_a_process(depth, mode, batch) for depth in depths])
            for batch in (BATCH, 1)
        )
        for name, values in zip(PARTS, (whole, whole - fixed), strict=True):
            slopes[mode, name] = np.polyfit(depths, values, 1)[0]
            ratio = slopes[mode, name] / slopes[None, name]
            figures = [*(f"{value:.0f}" for value in values), f"{slopes[mode, name]:.2f}"]
            rows.append([f"`{mode!r}`", name, *figures, f"{ratio:.3f}"])
    return _table(rows)


def time_table(depth: int, rounds: int) -> str:
    """Times of a train step, and their ratios."""
    steps, images = {mode: train_step(depth, mode) for mode in MODES}, make_images()
    seconds: dict = {mode: [] for mode in MODES}
    for i in range(rounds + 3):
        for mode, step in steps.items():
            start = time.perf_counter()
            step(images).numpy()
            if i >= 3:  # The first rounds trace and warm up.
                seconds[mode].append(time.perf_counter() - start)
    rows = [["`recompute`", "train step, ms", "of plain"], ["---"] * 3]
    for mode, values in seconds.items():
        ratios = np.array(values) / np.array(seconds[None])
        low, middle, high = np.percentile(ratios, [25, 50, 75])
        ms = f"{1e3 * np.median(values):.0f}"
        rows.append([f"`{mode!r}`", ms, f"{middle:.2f} ({low:.2f} .. {high:.2f})"])
    return _table(rows)


def _table(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> None:
    """Prints the page, and writes it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depths", type=int, nargs="+", default=list(DEPTHS))
    parser.add_argument("--depth", type=int, default=24, help="of the time")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--output", type=pathlib.Path, help="default: docs/results/recompute_cost.md"
    )
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    if arguments.peak:
        depth, mode, batch = arguments.peak
        print(peak(int(depth), None if mode == "None" else mode, int(batch)))
        return
    introduction = INTRODUCTION.format(
        date=datetime.date.today().isoformat(),
        machine=machine(),
        version=tf.__version__,
        batch=BATCH,
        depth=arguments.depth,
        rounds=arguments.rounds,
    )
    tables = memory_table(arguments.depths), time_table(arguments.depth, arguments.rounds)
    text = "\n".join([introduction, *tables])
    print(text)
    output = arguments.output or PAGE
    beside = output.with_suffix(".part")
    beside.write_text(text)
    os.replace(beside, output)


if __name__ == "__main__":
    main()
