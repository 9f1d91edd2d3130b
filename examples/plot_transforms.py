"""Transforms and their slopes
===========================

A coupling moves each number by an increasing map of the line, whose parameters a network chooses.
Additive maps only shift: their slope is 1. Affine ones have one slope for the whole line. Mixtures
bend: the further their components are apart, the flatter the map between them, so that a cloud of
data with gaps becomes one without. The logarithms of these slopes, summed, are the log-det of the
coupling. Each panel shows four members of a family, from data to latent.
"""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tfp_flows import transforms

COLORS = plt.get_cmap("viridis_r")(np.linspace(0.15, 1.0, 4))

# %%
# Raw numbers are what a network puts out. Additive maps have one, a shift, and affine ones another
# for the scale. Those of a mixture are a shift, a scale, and the weights, means and log-scales of
# its components, here three of them, which move apart.

apart = np.arange(4.0)
zero = np.zeros(4)
mixtures = np.stack([*[zero] * 5, -apart, zero, apart, *[zero - 1.0] * 3], axis=-1)
families = {
    "Additive": (transforms.Additive(), apart[:, None] - 1.5),
    "Affine": (transforms.Affine(), np.stack([0.5 - apart, 0.4 * apart - 0.8], axis=-1)),
    "LogisticMixture": (transforms.LogisticMixture(3, spread=0.0), mixtures),
    "GaussianMixture": (transforms.GaussianMixture(3, spread=0.0), mixtures),
}
x = np.linspace(-4, 4, 401)[:, None]
figure, axes = plt.subplots(2, 4, figsize=(9, 4.4), sharex=True, sharey="row", layout="constrained")
for (top, bottom), (name, (transform, raw)) in zip(axes.T, families.items(), strict=True):
    bijector = transform.bijector(raw)  # A `tfb.Bijector` with a batch of four members.
    slope = np.exp(bijector.inverse_log_det_jacobian(x))
    for axis, lines in (top, bijector.inverse(x)), (bottom, np.broadcast_to(slope, (len(x), 4))):
        axis.set_prop_cycle(color=COLORS)
        axis.plot(x, lines)
    top.set(title=name, ylim=(-4.5, 4.5))
    bottom.set(xlabel="data x", ylim=(0, 3))
axes[0, 0].set_ylabel("latent z")
axes[1, 0].set_ylabel("slope dz/dx")

# %%
# How a raw number becomes the slope of an affine map. Slopes without bounds can overflow in a deep
# flow, and sampling divides by them: near 0 they make samples explode. `TanhScale` is bounded on
# both sides. Glow's sigmoid is bounded above only, and is not 1 at 0.

scales = {
    "TanhScale(2), the default": transforms.TanhScale(2.0),
    "ExpScale()": transforms.ExpScale(),
    "SigmoidScale(), Glow": transforms.SigmoidScale(),
    "SigmoidScale(offset=0, max_scale=2)": transforms.SigmoidScale(offset=0.0, max_scale=2.0),
}
raw = tf.linspace(-6.0, 6.0, 241)
figure, axis = plt.subplots(figsize=(9, 3.6), layout="constrained")
axis.axhline(1.0, color="0.8", linewidth=1)
axis.axvline(0.0, color="0.8", linewidth=1)
axis.set_prop_cycle(color=["#0072B2", "#E69F00", "#009E73", "#CC79A7"])
for name, scale in scales.items():
    axis.semilogy(raw, np.exp(scale.log_scale(raw)), label=name)
axis.set(xlabel="raw number", ylabel="slope dz/dx", ylim=(1e-3, 1e3))
axis.legend(frameon=False)
