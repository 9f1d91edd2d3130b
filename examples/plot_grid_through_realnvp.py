"""A grid carried through RealNVP
==============================

A flow makes data out of noise by bending space. Here eight affine couplings (RealNVP) have learned
the two moons. A grid that covers the Gaussian noise goes through them one by one, from the latent
side to the data. Each coupling keeps one coordinate and shifts and scales the other, so the grid
moves only sideways or only up and down. It stretches and folds over, but never tears: a thin bridge
stays between the moons.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

import tfp_flows
from tfp_flows import data, flows, nets

# %%
# Training takes some seconds.

keras.utils.set_random_seed(0)
moons = data.two_moons(16_384, noise=0.07)
flow = flows.coupling_flow((2,), num_couplings=8, net=nets.MLP((64, 64), activation="tanh"))
model = tfp_flows.FlowModel(flow)
rate = keras.optimizers.schedules.CosineDecay(1e-2, decay_steps=800)
model.compile(keras.optimizers.Adam(rate), steps_per_execution=16)
model.fit(moons, batch_size=512, epochs=25, verbose=0)

# %%
# The lines of the grid, `[lines, points of a line, 2]`: first the horizontal ones, then the
# vertical ones. Couplings are listed in the order that data meet them; noise meets the last first.

place, along = np.linspace(-2.4, 2.4, 25), np.linspace(-2.4, 2.4, 400)
vertical = np.stack(np.meshgrid(place, along, indexing="ij"), axis=-1).astype(np.float32)
lines = np.concatenate([vertical[..., ::-1], vertical])
blues, oranges = (plt.get_cmap(name)(np.linspace(0.3, 0.95, 25)) for name in ("Blues", "Oranges"))
colors = np.concatenate([blues, oranges])

figure, axes = plt.subplots(3, 3, figsize=(9, 9), sharex=True, sharey=True, layout="constrained")
couplings = list(reversed(flow.bijector.bijectors))
titles = ["noise", *(f"after coupling {i + 1}" for i in range(len(couplings)))]
for axis, title, coupling in zip(axes.flat, titles, [None, *couplings], strict=True):
    if coupling is not None:
        lines = coupling.forward(lines).numpy()
    axis.add_collection(LineCollection(lines, colors=colors, linewidths=0.8))
    axis.set(title=title, xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xticks=[], yticks=[])
axes[-1, -1].scatter(*moons[:2000].T, s=1, color="black", zorder=3)
axes[-1, -1].set_title("after coupling 8, and data")
