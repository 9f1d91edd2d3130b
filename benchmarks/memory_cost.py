"""What `recompute=` saves and costs: Glow at 16x16x12, 128 filters, batch 96, by depth.

    make bench

Steps of actnorm, 1x1 convolution and affine coupling (networks of convolutions 3x3, 1x1, 3x3), and
a step of Adam. Memory: a process for each depth and mode, and its peak of resident memory over what
it was before the first step. Activations are what is left of it after that of a process with a
batch of 1 is taken off: the graph, the weights, and the optimizer. Growth a step is the slope of a
line through the depths. Time: all modes in one process, repetitions interleaved (A B C A B C ...).
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
from measuring import Model, interleaved, train_step, use_two_threads

from tfp_flows import flows, training, transforms

MODES = (None, "checkpoint", "inverse")
DEPTHS = (8, 16, 24, 32)
FILTERS, BATCH = 128, 96
MEGABYTE = 2**20
STATM = pathlib.Path("/proc/self/statm")


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


def make_model(depth: int, recompute: str | None) -> Model:
    """A Glow of one level."""
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
    return lambda x: -tf.reduce_mean(flow.log_prob(x)), list(flow.trainable_variables)


def peak(depth: int, recompute: str | None, batch: int) -> float:
    """Megabytes of resident memory that training takes."""
    step, images = train_step(*make_model(depth, recompute)), make_images(batch)
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


def report_memory(depths: list[int]) -> None:
    """Prints megabytes by depth, and the growth a step."""
    print(f"{'megabytes at depth':<24}" + "".join(f"{d:7d}" for d in depths) + "  a step  of plain")
    slopes = {}
    for mode in MODES:
        whole, fixed = (
            np.array([peak_of_a_process(depth, mode, batch) for depth in depths])
            for batch in (BATCH, 1)
        )
        for name, values in {"all": whole, "activations": whole - fixed}.items():
            slopes[mode, name] = np.polyfit(depths, values, 1)[0]
            ratio = slopes[mode, name] / slopes[None, name]
            row = "".join(f"{value:7.0f}" for value in values)
            print(
                f"{f'{mode}, {name}':<24}{row} {slopes[mode, name]:7.2f} {ratio:9.3f}", flush=True
            )


def report_time(depth: int, rounds: int) -> None:
    """Prints times of a train step, and their ratios."""
    steps = {str(mode): train_step(*make_model(depth, mode)) for mode in MODES}
    seconds = interleaved(steps, make_images(), rounds)
    print(f"train step at depth {depth}, {rounds} rounds   median ms   of plain (quartiles)")
    for name, values in seconds.items():
        low, middle, high = np.percentile(values / seconds["None"], [25, 50, 75])
        print(f"{name:<36}{1e3 * np.median(values):10.0f}   {middle:.2f} ({low:.2f} .. {high:.2f})")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depths", type=int, nargs="+", default=list(DEPTHS))
    parser.add_argument("--depth", type=int, default=24, help="of the time")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    use_two_threads()
    if arguments.peak:
        depth, mode, batch = arguments.peak
        print(peak(int(depth), None if mode == "None" else mode, int(batch)))
        return
    report_memory(arguments.depths)
    report_time(arguments.depth, arguments.rounds)


if __name__ == "__main__":
    main()
