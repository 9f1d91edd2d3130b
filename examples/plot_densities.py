"""Four densities by four couplings
================================

A flow gives every point a density. Here four kinds of couplings learn the same four targets from
samples: additive ones (NICE), affine ones (RealNVP), mixtures of logistics (Flow++) and mixtures of
Gaussians. All else is equal: four couplings, the same networks, the same steps of training. What
additive and affine couplings stretch and fold like smoke, mixtures cut into pieces. The number in
the corner of a panel is the mean log-density of held-out points, in nats: higher is better.

No flow closes the rings or parts the squares for good: it is continuous, as its inverse is, and the
Gaussian has one piece without a hole. What is left are thin threads and cuts.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops

import tfp_flows
from tfp_flows import data, flows, transforms

# %%
# Three targets come with the package; the fourth is a face: a circle, two eyes and a smile.


def face(n, *, seed=0):
    """Samples `[n, 2]`."""
    rng = np.random.default_rng(seed)
    part = rng.choice(4, n, p=[0.5, 0.1, 0.1, 0.3])
    angle = np.pi * rng.uniform(*np.array([[0, 0, 0, 1.15], [2, 2, 2, 1.85]])[:, part])
    radius = np.array([1.7, 0.15, 0.15, 0.95])[part]
    centre = np.array([[0, 0], [-0.6, 0.55], [0.6, 0.55], [0, 0]])[part]
    points = centre + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (points + rng.normal(scale=0.07, size=(n, 2))).astype(np.float32)


TARGETS = [data.two_moons, data.rings, data.checkerboard, face]
COUPLINGS = {
    "additive\n(NICE)": transforms.Additive(),
    "affine\n(RealNVP)": transforms.Affine(),
    "logistic mixture\n(Flow++)": transforms.LogisticMixture(6, spread=2.0),
    "Gaussian\nmixture": transforms.GaussianMixture(6, spread=2.0),
}


def samples(n, *, seed):
    """`n` points of each target, and the numbers of the targets as their contexts."""
    points = np.concatenate([target(n, seed=seed) for target in TARGETS])
    return {"x": points, "context": np.repeat(np.arange(len(TARGETS)), n)}


# %%
# What a coupling keeps here is one number, so a table will do for a network: a row of parameters
# for each of 48 places and each target, with soft steps between the places. Any Keras layer serves
# as a network, and any callable with these arguments as a factory of networks.

PLACES = np.linspace(-3.6, 3.6, 48, dtype=np.float32)


class Table(keras.layers.Layer):
    """Parameters of one moved number, looked up by one kept number and by the target."""

    def __init__(self, kept_shape, moved_shape, num_params, context_shape):
        super().__init__()
        shape = (*context_shape, len(PLACES), num_params)
        self.table = self.add_weight(shape=shape, initializer="zeros")
        # Log-scales of mixtures start at -1, and with them the components start apart.
        num_components = max(num_params - 2, 0) // 3
        self.start = np.zeros(num_params, np.float32)
        self.start[num_params - num_components :] = -1.0
        self.built = True

    def call(self, kept, context):
        """Raw parameters `[N, num_params]` of `[N, 1]` and, one-hot, `[N, targets]`."""
        near = ops.softmax(-(((kept - PLACES) / (PLACES[1] - PLACES[0])) ** 2) / 2)
        return ops.einsum("nt,np,tpk->nk", context, near, self.table) + self.start


# %%
# One conditional flow learns all four targets, with the number of the target as its context. So
# there is one training for each kind of coupling.

keras.utils.set_random_seed(0)
training, held_out = samples(16_384, seed=1), samples(4_000, seed=2)
models = {}
for name, transform in COUPLINGS.items():
    flow = flows.coupling_flow(
        (2,), num_couplings=4, transform=transform, net=Table, num_classes=len(TARGETS)
    )
    models[name] = tfp_flows.FlowModel(flow)
    rate = keras.optimizers.schedules.CosineDecay(2e-2, decay_steps=384)
    models[name].compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), steps_per_execution=8)
    models[name].fit(training, batch_size=512, epochs=3, verbose=0)

# %%
# The poster. Colours are the same in each row.

side = np.linspace(-2.3, 2.3, 128, dtype=np.float32)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
plane = {"x": np.tile(grid, (4, 1)), "context": np.repeat(np.arange(4), len(grid))}
BRIGHTEST = [0.4, 0.5, 0.15, 0.5]  # Densities.

figure, axes = plt.subplots(4, 5, figsize=(9, 7.7), facecolor="black", layout="constrained")
figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
for axis, target, brightest in zip(axes[:, 0], TARGETS, BRIGHTEST, strict=True):
    points = target(200_000, seed=3)
    histogram, *_ = np.histogram2d(*points.T, bins=80, range=[[-2.3, 2.3]] * 2, density=True)
    axis.imshow(histogram.T, origin="lower", cmap="inferno", vmin=0, vmax=brightest)
for column, model in zip(axes[:, 1:].T, models.values(), strict=True):
    densities = np.exp(model(plane))
    scores = np.reshape(model(held_out), (4, -1)).mean(axis=1)
    for axis, density, score, brightest in zip(
        column, densities.reshape(4, 128, 128), scores, BRIGHTEST, strict=True
    ):
        axis.imshow(density, origin="lower", cmap="inferno", vmin=0, vmax=brightest)
        axis.text(0.97, 0.03, f"{score:.2f}", transform=axis.transAxes, ha="right", color="0.8")
for axis, name in zip(axes[0], ["data\n", *models], strict=True):
    axis.set_title(name, color="white", fontsize=11)
for axis in axes.flat:
    axis.set_axis_off()
