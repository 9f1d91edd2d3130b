"""Flows in one dimension
======================

A flow in one dimension is an increasing curve. Under a uniform base distribution it is the
cumulative distribution function of the data, and that is what training finds; here it is a mixture
of logistics followed by a sigmoid. Other bases do as well: for Beta(5, 5) and for a Gaussian the
flow learns another curve, and the density of the data is the same. On the right are the latents of
the data, in grey, which should follow the base, in black.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, transforms

tfb, tfd = tfp.bijectors, tfp.distributions

# %%
# Data with three humps.

rng = np.random.default_rng(0)
hump = rng.choice(3, 20_000, p=[0.3, 0.5, 0.2])
data = rng.normal(np.array([-2.0, 0.3, 2.2])[hump], np.array([0.4, 0.6, 0.2])[hump])
data = data.astype(np.float32)[:, None]

# %%
# Lists of bijectors are in the order that data meet them, and data meet the inverse of each: what
# takes data to (0, 1) is `Invert(Sigmoid())`. `Beta(1, 1)` is uniform.


def make_flow(base, *, is_bounded):
    """A mixture of logistics under a base on (0, 1), or on the line."""
    mixture = transforms.LogisticMixture(6, spread=3.0, scale=transforms.TanhScale(2.0))
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
# Each is measured, trained and measured again.

x = np.linspace(-4, 4, 401, dtype=np.float32)[:, None]
keras.utils.set_random_seed(0)
figure, axes = plt.subplots(3, 3, figsize=(9, 7), layout="constrained")
for (left, middle, right), (name, flow) in zip(axes, flows.items(), strict=True):
    before = flow.prob(x), flow.bijector.inverse(x)
    model = tfp_flows.FlowModel(flow)
    rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=400)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=20)
    model.fit(data, batch_size=1000, epochs=20, verbose=0)
    after = flow.prob(x), flow.bijector.inverse(x)

    left.hist(data[:, 0], bins=100, density=True, color="0.85")
    for label, color, (density, latent) in (
        ("before training", "#E69F00", before),
        ("after training", "#0072B2", after),
    ):
        left.plot(x, density, color=color, label=label)
        middle.plot(x, latent, color=color)
    z = np.linspace(*((-4, 4) if name == "Gaussian" else (0.001, 0.999)), 200, dtype=np.float32)
    right.hist(flow.bijector.inverse(data)[:, 0], bins=50, density=True, color="0.85")
    right.plot(z, flow.distribution.prob(z[:, None]), color="black")
    left.set_ylabel(name, fontsize=12)
axes[0, 0].legend(frameon=False, fontsize=8)
for axis, title in zip(axes[0], ["density", "map to latents", "latents"], strict=True):
    axis.set_title(title)
for axis, label in zip(axes[-1], ["data x", "data x", "latent z"], strict=True):
    axis.set_xlabel(label)
