"""Anomalies, and why likelihood alone misleads
===============================================

Strange images should have a low likelihood. Some do, but blurred digits get a *higher* one than
digits, since smooth images are easy for every model (`Nalisnick et al. 2019
<https://arxiv.org/abs/1810.09136>`_ saw it first). Typical images do not have the highest density
but about the mean one, and latents of about the mean norm, at every level of the flow. So measure
how far an image is from digits in each of these numbers, to both sides, in standard deviations.
AUC is how often an anomaly scores as stranger than a digit: 1 is perfect, 0.5 is guessing.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, flows, latents, transforms

# %%
# A small Glow, trained on all but 300 digits, which say later what is normal.

keras.utils.set_random_seed(0)
LEVELS = data.DIGITS_NUM_LEVELS
images, _ = data.load_digits("train")
normal, images = images[:300], images[300:]
batches = data.images(images, batch_size=64, num_levels=LEVELS, seed=0)
flow = flows.glow(
    (8, 8, 1),
    num_levels=2,
    num_steps=4,
    filters=32,
    transform=transforms.Affine(),
    logit_alpha=1e-3,
)
model = tfp_flows.FlowModel(flow, bin_width=batches.bin_width)
rate = keras.optimizers.schedules.CosineDecay(3e-3, decay_steps=25 * len(batches))
model.compile(keras.optimizers.Adam(rate, global_clipnorm=50.0))
model.fit(batches, epochs=25, verbose=0)

# %%
# Digits that the flow has never seen, and images that are none.

digits = data.load_digits("test")[0].astype(int)
rng = np.random.default_rng(0)
blurred = sum(np.roll(digits, [i, j], axis=[1, 2]) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
groups = {
    "digits": digits,
    "blurred": np.rint(blurred).astype(int),
    "flat grey": np.broadcast_to(rng.integers(1, 16, [360, 1, 1, 1]), digits.shape),
    "upside down": digits[:, ::-1],
    "pixels shuffled": rng.permuted(digits.reshape(360, 64), axis=1).reshape(digits.shape),
}

# %%
# Three numbers say where an image is: its log-density, and the squared norm of its latents at each
# of two levels.


def statistics(integers):
    """Of images `[n, 8, 8, 1]`: `[n, 3]`."""
    x = data.dequantize(integers, LEVELS, seed=[0, 0])
    norms = [np.sum(np.square(z), axis=(1, 2, 3)) for z in latents.encode(flow, x)]
    return np.stack([flow.log_prob(x), *norms], axis=-1)


usual = statistics(normal)
mean, deviation = usual.mean(axis=0), usual.std(axis=0)
found = {name: statistics(integers) for name, integers in groups.items()}
scores = {
    "likelihood: nats below the mean": {n: mean[0] - s[:, 0] for n, s in found.items()},
    "typicality: largest of three deviations": {
        n: np.abs((s - mean) / deviation).max(axis=-1) for n, s in found.items()
    },
}

# %%
# Each row is a kind of image, each point one of 360. The line is where 95% of the digits end.

figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharey=True, layout="constrained")
rows = np.arange(len(groups))
for panel, (title, of) in zip(axes, scores.items(), strict=True):
    for row, score in zip(rows, of.values(), strict=True):
        panel.scatter(score, row + rng.uniform(-0.3, 0.3, 360), s=4, alpha=0.5)
        auc = np.mean(score[:, np.newaxis] > of["digits"])
        panel.text(1.01, row, f"{auc:.2f}" if row else "AUC", transform=panel.get_yaxis_transform())
    panel.axvline(np.quantile(of["digits"], 0.95), color="gray", linestyle="--", linewidth=1)
    panel.set_title(title)
axes[0].invert_yaxis()
axes[0].set_yticks(rows, list(groups))
axes[0].set_xscale("symlog", linthresh=30)
axes[1].set_xscale("log")
