"""A grid carried through RealNVP
==============================

A flow makes data out of noise by bending space. Here six affine couplings (RealNVP) have learned
the two moons. A grid that covers the Gaussian noise goes through them one by one, from the latent
side to the data. Each coupling keeps one coordinate and shifts and scales the other, so the grid
moves only sideways, or only up and down. It stretches and bends over, but never tears: what lies
between the moons is a part of it, spread so thin that it hardly has any density.
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
flow = flows.coupling_flow((2,), num_couplings=6, net=nets.MLP((64, 64), activation="tanh"))
model = tfp_flows.FlowModel(flow)
rate = keras.optimizers.schedules.CosineDecay(1e-2, decay_steps=1024)
model.compile(keras.optimizers.Adam(rate), steps_per_execution=16)
model.fit(moons, batch_size=256, epochs=16, verbose=0)

# %%
# The lines of the grid, `[lines, points of a line, 2]`: chords of a circle that holds 95% of the
# noise, first the horizontal and then the vertical ones.

place, along = np.linspace(-2.3, 2.3, 17), np.linspace(-1, 1, 400)
vertical = np.stack(np.broadcast_arrays(place[:, None], np.outer(np.sqrt(6 - place**2), along)), -1)
lines = np.concatenate([vertical[..., ::-1], vertical]).astype(np.float32)
blues, oranges = (plt.get_cmap(name)(np.linspace(0.35, 0.95, 17)) for name in ("Blues", "Oranges"))
colors = np.concatenate([blues, oranges])

# %%
# Couplings are listed in the order that data meet them; noise meets the last first.

figure, axes = plt.subplots(2, 4, figsize=(9, 4.8), layout="constrained")
couplings = list(reversed(flow.bijector.bijectors))
titles = ["noise", *(f"after coupling {i + 1}" for i in range(len(couplings)))]
for axis, title, coupling in zip(axes.flat, titles, [None, *couplings], strict=False):
    if coupling is not None:
        lines = coupling.forward(lines).numpy()
    axis.add_collection(LineCollection(lines, colors=colors, linewidths=0.8))
    axis.autoscale()
    axis.set(title=title)
axes[-1, -1].scatter(*moons[:3000].T, s=1, color="black")
axes[-1, -1].set(title="data")
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
    axis.set(aspect="equal", adjustable="datalim")
