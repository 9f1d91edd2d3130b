"""Flows in one dimension
======================

In one dimension a flow is a cumulative distribution function. A mixture of logistics followed by a
sigmoid maps data to (0, 1); trained to make them uniform, it becomes the cdf of the data. Other base
distributions do as well: for each the flow learns another map, and the density of the data is the
same. Rows: a uniform base, Beta(5, 5) and a Gaussian. Columns: the density, the map from data to
latent, and the latents of the data, with the density of the base as a line.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, transforms

tfb, tfd = tfp.bijectors, tfp.distributions
BEFORE, AFTER = "#E69F00", "#0072B2"

# %%
# Data with three humps.

rng = np.random.default_rng(0)
hump = rng.choice(3, 20_000, p=[0.3, 0.5, 0.2])
data = rng.normal(np.array([-2.0, 0.3, 2.2])[hump], np.array([0.4, 0.6, 0.2])[hump])
data = data.astype(np.float32)[:, None]

# %%
# The flows: events have one entry, since a flow is a distribution of vectors. Lists of bijectors are
# in the order that data meet them, and data meet the inverse of each. `Beta(1, 1)` is uniform.


def make_flow(base, *, is_bounded):
    """A mixture of logistics under a base on (0, 1), or on the line."""
    mixture = transforms.LogisticMixture(6, scale=transforms.TanhScale(2.0))
    links = [bijectors.Elementwise(mixture, (1,))]
    if is_bounded:
        links.append(tfb.Invert(tfb.Sigmoid()))
    return tfd.TransformedDistribution(tfd.Independent(base, 1), bijectors.Chain(links))


flows = {
    "uniform": make_flow(tfd.Beta([1.0], [1.0]), is_bounded=True),
    "Beta(5, 5)": make_flow(tfd.Beta([5.0], [5.0]), is_bounded=True),
    "Gaussian": make_flow(tfd.Normal([0.0], [1.0]), is_bounded=False),
}

# %%
# Each is drawn, trained and drawn again.

x = np.linspace(-4, 4, 401, dtype=np.float32)[:, None]
keras.utils.set_random_seed(0)
figure, axes = plt.subplots(3, 3, figsize=(9, 7), layout="constrained")
for (left, middle, right), (name, flow) in zip(axes, flows.items(), strict=True):
    left.hist(data[:, 0], bins=100, density=True, color="0.85")

    def draw(label, color, left=left, middle=middle, flow=flow):
        left.plot(x, flow.prob(x), color=color, label=label)
        middle.plot(x, flow.bijector.inverse(x), color=color, label=label)

    draw("before training", BEFORE)
    model = tfp_flows.FlowModel(flow)
    rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=400)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=20)
    model.fit(data, batch_size=1000, epochs=20, verbose=0)
    draw("after training", AFTER)

    latents = flow.bijector.inverse(data)
    z = np.linspace(*((-4, 4) if name == "Gaussian" else (0.001, 0.999)), 200, dtype=np.float32)
    right.hist(latents[:, 0], bins=50, density=True, color="0.85")
    right.plot(z, flow.distribution.prob(z[:, None]), color="black")
    left.set_ylabel(name, fontsize=12)
axes[0, 0].legend(frameon=False, fontsize=8)
for axis, title in zip(axes[0], ["density", "map to latents", "latents"], strict=True):
    axis.set_title(title)
for axis, label in zip(axes[-1], ["data x", "data x", "latent z"], strict=True):
    axis.set_xlabel(label)
