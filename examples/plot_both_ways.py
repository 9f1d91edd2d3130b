"""One flow, both ways
===================

A normalizing flow is a stack of invertible steps between data and a Gaussian. From data to latent
it scores: ``log_prob`` is the density of the Gaussian where a point arrives, times how much the
steps stretched space around it. From latent to data it samples. Here are four couplings that
learned two moons. A coupling moves one coordinate by a law that the other one chooses; the two take
turns.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

from tfp_flows import FlowModel, data, flows, nets, transforms

keras.utils.set_random_seed(0)
moons = data.toy.two_moons(20_000)

flow = flows.coupling_flow(
    (2,),
    num_couplings=4,
    transform=transforms.LogisticMixture(8),  # a bent line; `Affine` would be a straight one
    net=nets.MLP((64, 64), activation="silu"),
)
model = FlowModel(flow)
rate = keras.optimizers.schedules.CosineDecay(5e-3, decay_steps=1000)
model.compile(keras.optimizers.Adam(rate), steps_per_execution=20)
model.fit(moons, batch_size=500, epochs=25, verbose=0)

# %%
# The couplings are listed in the order in which the data meet them. Points go through them one by
# one: above from data to latent, below from latent to data. A point keeps the colour of the height
# at which it started; each panel has a scale of its own.

couplings = flow.bijector.bijectors
to_latent = [moons[:3000]]
for coupling in couplings:
    to_latent.append(coupling.inverse(to_latent[-1]).numpy())

to_data = [flow.distribution.sample(3000, seed=1).numpy()]
for coupling in reversed(couplings):
    to_data.append(coupling.forward(to_data[-1]).numpy())


def draw(row, points, arrow, title, y):
    """The points before and after each coupling, and arrows between."""
    start = points[0] if arrow == "->" else points[-1]
    colour = np.argsort(np.argsort(start[:, 1]))  # as many points of each colour
    for axes, (x1, x2) in zip(row, np.swapaxes(points, 1, 2), strict=True):
        axes.scatter(x1, x2, s=5, c=colour, cmap="plasma", vmax=1.1 * len(colour), linewidths=0)
        axes.set_aspect("equal", "datalim")
        axes.set_axis_off()
    for axes in row[:-1]:
        style = {"arrowstyle": arrow, "color": "0.4", "linewidth": 1.5}
        ends = {"xy": (1.23, 0.5), "xytext": (1.03, 0.5)}
        axes.annotate("", **ends, xycoords="axes fraction", arrowprops=style)
    figure.text(0.5, y, title, ha="center", va="center", fontsize=14)


figure, (top, bottom) = plt.subplots(2, 5, figsize=(10, 4.8))
figure.subplots_adjust(left=0.01, right=0.99, bottom=0.1, top=0.9, wspace=0.28, hspace=0.2)
draw(top, to_latent, "->", "log_prob: from data to latent, by the inverse of each coupling", 0.95)
draw(bottom, to_data[::-1], "<-", "sample: from latent to data, by each coupling", 0.05)
for axes, name in ((bottom[0], "data"), (bottom[-1], "latent")):
    axes.set_title(name, fontsize=13, color="0.4")
