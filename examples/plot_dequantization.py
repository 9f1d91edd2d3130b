"""Uniform against learned dequantization
=========================================

Grey levels are integers, and a continuous density would put an infinite spike on each: so noise
spreads every integer over its bin. Uniform noise asks the flow to fill each bin evenly, up to sharp
edges. Learned noise (Flow++, `Ho et al. 2019 <https://arxiv.org/abs/1902.00275>`_) may leave the
corners of a bin empty, so that the flow can be smooth. What training maximizes is a bound of the
log-probability of the integers; many importance-weighted samples tighten it. Noise that fits better
gives a better bound from as many samples.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, distributions, flows, transforms

# %%
# Pairs of integers: two moons, rounded to 6 levels. As there are only 36 pairs, their probabilities
# can be counted, and with them the entropy: the least that any model can need.

LEVELS = 6


def moons(n, seed):
    """Integers `[n, 2]` in 0..5."""
    points = data.two_moons(n, seed=seed) / 3.6 + 0.5
    return np.clip(np.floor(points * LEVELS), 0, LEVELS - 1).astype(np.uint8)


train = moons(20_000, seed=0)
pairs, counts = np.unique(moons(200_000, seed=1), axis=0, return_counts=True)
shares = counts / counts.sum()
entropy = -np.sum(shares * np.log2(shares)) / 2

# %%
# The same flow twice; only the noise differs.

keras.utils.set_random_seed(0)
noises = {
    "uniform": distributions.UniformNoise(),
    "learned": distributions.FlowNoise(
        flows.coupling_flow((2,), num_couplings=2, context_shape=(2,))
    ),
}
models = {}
for name, noise in noises.items():
    flow = flows.coupling_flow(
        (2,), num_couplings=4, transform=transforms.LogisticMixture(4), logit_alpha=0.05
    )
    models[name] = integers = distributions.Dequantized(flow, LEVELS, noise)
    model = tfp_flows.FlowModel(integers)
    rate = keras.optimizers.schedules.CosineDecay(5e-3, decay_steps=4 * 80)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=20)
    model.fit(train, batch_size=250, epochs=4, verbose=0)

# %%
# The density of both flows, with the bins; and the bounds in bits/dim, from 50 draws for each pair.

figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
line = (np.arange(240) + 0.5) / 240
grid = np.stack(np.meshgrid(line, line), axis=-1).astype(np.float32)
samples = 1, 2, 4, 8, 16
for panel, (name, integers) in zip(axes, models.items(), strict=False):
    density = np.exp(integers.flow.log_prob(grid))
    panel.imshow(density, origin="lower", extent=[0, LEVELS, 0, LEVELS], cmap="magma_r", vmax=12)
    panel.grid(color="gray", linewidth=0.4)
    panel.set(title=f"{name} noise: density of the flow", xlabel="grey level")
    panel.set_xticks(range(LEVELS + 1))
    panel.set_yticks(range(LEVELS + 1))
    bounds = [
        integers.log_prob(np.tile(pairs, [50, 1, 1]), num_samples=n, importance_weighted=n > 1)
        for n in samples
    ]
    bits = [-np.sum(shares * np.mean(bound, axis=0)) / 2 / np.log(2) for bound in bounds]
    axes[2].semilogx(samples, bits, "o-", base=2, label=name)
axes[2].axhline(entropy, color="gray", linestyle="--", label="entropy of the data")
axes[2].set(title="bound of the log-probability", xlabel="importance samples", ylabel="bits/dim")
axes[2].set_xticks(samples, [str(n) for n in samples])
axes[2].legend(loc="center left")
