"""What the benchmarks share: train steps, interleaved repetitions, a table of ratios."""

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows

Loss = Callable[[tf.Tensor], tf.Tensor]
Model = tuple[Loss, list]


def use_two_threads() -> None:
    """As many as the smallest machines have."""
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)


def train_step(loss: Loss, variables: list) -> Callable[[tf.Tensor], tf.Tensor]:
    """One step of Adam, as a traced function."""
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(x)
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    return step


def interleaved(steps: dict[str, Callable], x: tf.Tensor, rounds: int) -> dict[str, np.ndarray]:
    """Seconds of each step in each round."""
    seconds = {name: [] for name in steps}
    for i in range(rounds + 5):
        for name, step in steps.items():
            start = time.perf_counter()
            step(x).numpy()
            if i >= 5:  # the first rounds trace and warm up
                seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def report(
    seconds: dict[str, np.ndarray], models: dict[str, Model], first: dict[str, float] | None = None
) -> None:
    """Prints the table: the first row is the floor, the second is ours."""
    versions = (tf.__version__, tfp.__version__, keras.__version__, tfp_flows.__version__)
    print("tensorflow {}, tfp {}, keras {}, tfp_flows {}".format(*versions))
    floor, ours, *others = seconds
    print(
        f"train step, {len(seconds[floor])} rounds    parameters   median ms"
        "   over the floor (quartiles)"
    )
    for name, values in seconds.items():
        parameters = sum(int(np.prod(v.shape)) for v in models[name][1])
        low, middle, high = np.percentile(values / seconds[floor], [25, 50, 75])
        print(
            f"{name:<32} {parameters:10,d}  {1e3 * np.median(values):10.1f}"
            f"   {middle:.3f} ({low:.3f} .. {high:.3f})"
            + (f"   first call {first[name]:.1f} s" if first else "")
        )
    for name in others:
        ratio = np.median(seconds[name] / seconds[ours])
        print(f"{name} takes {ratio:.2f} times as long as {ours}")
