"""Activations of a deep Glow before and after initialization
==========================================================

Untrained, a deep Glow shrinks what goes through it: each of its couplings multiplies half of the
channels by sigmoid(2) = 0.88, and after thirty-two steps next to nothing of the image is left, nor
of its gradient. `training.initialize` cures it. It sends one batch through the flow and sets the
shift and the scale of each `ActNorm` in turn so that what it puts out has mean 0 and variance 1 in
each channel. `FlowModel.fit` does so by itself with its first batch.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

from tfp_flows import bijectors, data, flows, training

# %%
# One level of thirty-two steps, and handwritten digits to set them by.

keras.utils.set_random_seed(0)
flow = flows.glow((8, 8, 1), num_levels=1, num_steps=32, filters=16, learned_prior=False)
images, _ = data.load_digits("train")
batch = data.dequantize(images[:256], 17)

# %%
# The flow is a chain of a squeeze and of steps, each of an `ActNorm`, an `InvertibleConv1x1` and a
# coupling. What comes out of each `ActNorm` is measured, on the way from data to latent.


def activations():
    """What each `ActNorm` puts out: `[steps, numbers]`."""
    shift, levels = flow.bijector.bijectors
    squeeze, *links = levels.bijectors[0].bijectors
    x = squeeze.inverse(shift.inverse(batch))
    found = []
    for link in links:
        x = link.inverse(x)
        if isinstance(link, bijectors.ActNorm):
            found.append(x)
    return np.reshape(found, (len(found), -1))


before = activations()
training.initialize(flow, batch)
after = activations()

# %%
# The median, and the ranges of 50% and 90% of the activations.

figure, axes = plt.subplots(2, 1, figsize=(9, 5.5), sharex=True, layout="constrained")
for axis, title, found, color in (
    (axes[0], "before initialization", before, "#D55E00"),
    (axes[1], "after initialization", after, "#0072B2"),
):
    depth = np.arange(1, len(found) + 1)
    for low, high in (5, 95), (25, 75):
        band = np.percentile(found, [low, high], axis=1)
        axis.fill_between(depth, *band, color=color, alpha=0.3, linewidth=0)
    axis.plot(depth, np.median(found, axis=1), color=color)
    axis.set(title=title, ylabel="activations", xlim=(1, 32), ylim=(-2.5, 2.5))
axes[1].set_xlabel("step of the flow")
