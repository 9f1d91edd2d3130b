"""Round trips lose digits with depth
=====================================

On paper a flow takes every image back to itself; in floating point each step rounds. Here random
images go through Glows of 1 to 32 steps to the latents and back, with weights moved at random, as
training would move them. From one step to 32 the error grows about tenfold, in float32 as in
float64, and stays far below what bytes need. Where it does not, take ``dtype="float64"``, an
argument of every flow; ``tfp_flows.testing.diagnose`` says which layer loses the most.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tfp_flows import flows

DEPTHS = 1, 2, 4, 8, 16, 32


def glow(num_steps, dtype):
    """A Glow of one level whose weights are not where they started: at the start it is too tame."""
    keras.utils.set_random_seed(0)
    flow = flows.glow((8, 8, 1), num_levels=1, num_steps=num_steps, filters=16, dtype=dtype)
    for variable in flow.trainable_variables:
        variable.assign_add(0.05 * tf.random.normal(variable.shape, dtype=dtype))
    return flow


def error(num_steps, dtype):
    """How far each of 64 random images is from itself after the round trip, at its worst pixel."""
    bijector = glow(num_steps, dtype).bijector
    x = np.random.default_rng(0).uniform(size=[64, 8, 8, 1]).astype(dtype)
    z = bijector.inverse(x)
    # The bijector remembers where `z` came from; a copy makes it compute.
    return np.abs(bijector.forward(tf.identity(z)) - x).max(axis=(1, 2, 3))


# %%
# The line is the median over images; the band goes from the best image to the worst.

figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
for dtype, colour in ("float32", "tab:orange"), ("float64", "tab:blue"):
    errors = np.array([error(depth, dtype) for depth in DEPTHS])
    axes.loglog(DEPTHS, np.median(errors, axis=1), "o-", color=colour, label=dtype)
    axes.fill_between(DEPTHS, errors.min(axis=1), errors.max(axis=1), color=colour, alpha=0.2)
axes.axhline(0.5 / 256, color="gray", linestyle="--", label="half a grey level of 256")
axes.set(xlabel="steps of the flow", ylabel="largest error of a pixel in [0, 1]")
axes.set_xticks(DEPTHS, [str(depth) for depth in DEPTHS])
axes.minorticks_off()
axes.legend()
