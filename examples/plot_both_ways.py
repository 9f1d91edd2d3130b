"""
One flow, both ways
===================

A normalizing flow is a stack of invertible steps between data and a Gaussian. From data to latent
it scores: ``log_prob`` is the density of the Gaussian at the end, times how much each step
stretched. From latent to data it samples. Here are six affine couplings that learned two moons; a
point keeps the colour of the place where it started.
"""

import keras
import matplotlib.pyplot as plt

import tfp_flows
from tfp_flows import data

keras.utils.set_random_seed(0)
moons = data.toy.two_moons(20_000)

flow = tfp_flows.flows.coupling_flow(
    (2,), num_couplings=6, net=tfp_flows.nets.MLP((64, 64), activation="silu")
)
model = tfp_flows.FlowModel(flow)
rate = keras.optimizers.schedules.CosineDecay(5e-3, decay_steps=25 * 40)
model.compile(keras.optimizers.Adam(rate))
model.fit(moons, batch_size=500, epochs=25, verbose=0)

# %%
# The links of the chain are in the order in which the data meet them. Run them one by one, keep
# what comes out, and draw it: above from data to latent, below from latent to data.

steps = flow.bijector.bijectors
to_latent = [moons[:3000]]
for step in steps:
    to_latent.append(step.inverse(to_latent[-1]))

to_data = [flow.distribution.sample(3000, seed=1)]
for step in reversed(steps):
    to_data.append(step.forward(to_data[-1]))

columns = 0, 2, 4, 6  # after so many couplings
titles = ["data", "2 couplings", "4 couplings", "latent"]
rows = [to_latent, to_data[::-1]]

figure, grid = plt.subplots(2, 4, figsize=(10, 5.4), sharex=True, sharey=True)
for row, points, start in zip(grid, rows, (moons[:3000], to_data[0]), strict=True):
    for axes, column in zip(row, columns, strict=True):
        x, y = points[column][:, 0], points[column][:, 1]
        axes.scatter(x, y, s=3, c=start[:, 0], cmap="viridis", linewidths=0)
        axes.set(aspect="equal", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
        axes.set_axis_off()
for axes, title in zip(grid[0], titles, strict=True):
    axes.set_title(title)
print(model.evaluate(moons, verbose=0))
figure.savefig("/tmp/rd/a.png", dpi=100)
import pickle
pickle.dump((to_latent, to_data), open("/tmp/rd/p.pkl", "wb"))
