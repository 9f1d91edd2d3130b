"""Four densities by four couplings
===================================

A flow has a density for every point of the plane. Here four kinds of couplings learn the same four
targets from samples: additive ones (NICE), affine ones (RealNVP), and mixtures of logistics (Flow++)
and of Gaussians. All else is equal: six couplings, the same networks, the same steps of training.
Additive couplings keep volumes and affine ones bend space as a whole, so filaments connect what
should be apart; a mixture can tear a line into pieces. The number in each corner is the mean
log-density of held-out points in nats; higher is better.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, flows, nets, transforms

# %%
# The targets: three from the package, and a face drawn with a circle, two eyes and an arc.


def face(n, *, seed=0):
    """Samples of a face: `[n, 2]`."""
    rng = np.random.default_rng(seed)
    part = rng.choice(4, n, p=[0.5, 0.1, 0.1, 0.3])
    angle = np.where(part == 3, rng.uniform(1.15, 1.85, n), rng.uniform(0, 2, n)) * np.pi
    radius = np.choose(part, [1.7, 0.15, 0.15, 0.95])
    centre = np.array([[0, 0], [-0.6, 0.55], [0.6, 0.55], [0, 0]])[part]
    points = centre + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (points + rng.normal(scale=0.07, size=(n, 2))).astype(np.float32)


TARGETS = [data.two_moons, data.rings, data.checkerboard, face]
COUPLINGS = {
    "additive\nNICE": transforms.Additive(),
    "affine\nRealNVP": transforms.Affine(),
    "logistic mixture\nFlow++": transforms.LogisticMixture(8),
    "Gaussian mixture\n": transforms.GaussianMixture(8),
}

# %%
# One conditional flow learns all four targets: its context is the number of the target, so each
# coupling is compiled and trained once.


def sample_all(n, seed):
    """`n` points of each target, and the number of the target of each point."""
    points = [target(n, seed=seed) for target in TARGETS]
    return np.concatenate(points), np.repeat(np.arange(len(TARGETS)), n)


keras.utils.set_random_seed(0)
x, labels = sample_all(16_384, seed=1)
steps = 400
models = {}
import time

for name, transform in COUPLINGS.items():
    t = time.time()
    flow = flows.coupling_flow(
        (2,),
        num_couplings=6,
        transform=transform,
        net=nets.MLP((128, 128), activation="silu"),
        num_classes=len(TARGETS),
    )
    models[name] = tfp_flows.FlowModel(flow)
    rate = keras.optimizers.schedules.CosineDecay(1e-2, steps)
    models[name].compile(
        keras.optimizers.Adam(rate, global_clipnorm=1.0), jit_compile=True, steps_per_execution=8
    )
    h = models[name].fit(
        x, labels, batch_size=1024, epochs=int(np.ceil(steps * 1024 / len(x))), verbose=0
    )
    print(name.split("\n"), time.time() - t, h.history["nll"][-1])

# %%
# Each row has one scale of colours, that of the data.

side = np.linspace(-2.4, 2.4, 160, dtype=np.float32)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
held_out, held_out_labels = sample_all(2_000, seed=2)
figure, axes = plt.subplots(4, 5, figsize=(9, 7.6), layout="constrained", facecolor="black")
for row, target in enumerate(TARGETS):
    points = target(200_000, seed=3)
    histogram = np.histogram2d(*points.T[::-1], bins=80, range=[[-2.4, 2.4]] * 2, density=True)[0]
    look = {"cmap": "inferno", "vmin": 0, "vmax": np.quantile(histogram[histogram > 0], 0.97)}
    axes[row, 0].imshow(histogram, origin="lower", **look)
    for axis, (name, model) in zip(axes[row, 1:], models.items(), strict=True):
        log_density = (
            model.predict((grid, np.full(len(grid), row)), batch_size=len(grid), verbose=0)
            if False
            else model.predict(
                {"x": grid, "context": np.full(len(grid), row)}, batch_size=len(grid), verbose=0
            )
        )
        axis.imshow(np.exp(log_density).reshape(160, 160), origin="lower", **look)
        these = held_out_labels == row
        score = np.mean(
            model.predict(
                {"x": held_out[these], "context": held_out_labels[these]},
                batch_size=2000,
                verbose=0,
            )
        )
        axis.text(0.97, 0.03, f"{score:.2f}", transform=axis.transAxes, ha="right", color="white")
for axis, name in zip(axes[0], ["data\n", *models], strict=True):
    axis.set_title(name, color="white")
for axis in axes.flat:
    axis.set_axis_off()
