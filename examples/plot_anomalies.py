"""Anomalies, and why likelihood alone misleads
===============================================

Strange images should have a low likelihood. But to a flow of digits an empty image is as likely as
a digit, or more so: each of its white pixels is likely. (Flows of photographs do the same:
`Nalisnick et al. 2019 <https://arxiv.org/abs/1810.09136>`_.) The latents tell what the likelihood
hides. At each level their squared norm is about the same for all digits, so measure how far an
image is from that, to either side, in standard deviations, and take the worst level. AUC is how
often an anomaly seems stranger than a digit: 1 is perfect, 0.5 is guessing.
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
# Digits that the flow has never seen, and what else it may be given.

digits = data.load_digits("test")[0].astype(int)
groups = {
    "digits": digits,
    "empty": np.zeros_like(digits),
    "half erased": np.where(np.arange(8)[:, np.newaxis] < 4, digits, 0),
    "faded": digits // 4,
    "overexposed": np.minimum(2 * digits, LEVELS - 1),
    "upside down": digits[:, ::-1],
}


def density_and_norms(integers):
    """Log-densities `[n]` and the squared norms of the latents of each level `[n, 2]`."""
    x = data.dequantize(integers, LEVELS, seed=[0, 0])
    norms = [np.sum(np.square(z), axis=(1, 2, 3)) for z in latents.encode(flow, x)]
    return flow.log_prob(x).numpy(), np.stack(norms, axis=-1)


_, usual = density_and_norms(normal)
mean, deviation = usual.mean(axis=0), usual.std(axis=0)


def strangeness(norms):
    """Standard deviations from the mean of digits, at the worst level."""
    return np.abs((norms - mean) / deviation).max(axis=-1)


# %%
# A row for each kind of image, with an example, and a point for each of 360 images, but for some
# that are far to the right. The dashed lines are those of a test that takes 5% of the digits for
# anomalies. It does not see everything: strokes upside down are strokes.

rows = range(len(groups))
figure, (examples, *panels) = plt.subplots(
    1, 3, figsize=(9, 4.8), width_ratios=[1, 4, 4], sharey=True, layout="constrained"
)
sheet = np.pad([integers[7, ..., 0] for integers in groups.values()], [(0, 0), (1, 1), (1, 1)])
extent = [0, 1, len(groups) - 0.5, -0.5]
examples.imshow(np.concatenate(sheet), cmap="gray_r", extent=extent, aspect="auto")
examples.set_yticks(rows, list(groups))
examples.set_xticks([])
scattered = np.random.default_rng(0).uniform(-0.25, 0.25, len(digits))
found = {name: density_and_norms(integers) for name, integers in groups.items()}
for panel, score in (
    (panels[0], {name: -density for name, (density, _) in found.items()}),
    (panels[1], {name: strangeness(norms) for name, (_, norms) in found.items()}),
):
    for row, values in zip(rows, score.values(), strict=True):
        panel.scatter(values, row + scattered, s=5, alpha=0.4, color="C1" if row else "C0")
        auc = np.mean(values[:, np.newaxis] > score["digits"])
        label = f"{auc:.2f}" if row else "AUC"
        panel.text(1.02, row, label, transform=panel.get_yaxis_transform(), va="center")
    panel.axvline(np.quantile(score["digits"], 0.95), color="gray", linestyle="--")
panels[0].set_xlabel("negative log-density in nats")
panels[1].set_xlabel("deviations of the worst level")
panels[0].set(title="likelihood alone", xlim=(-130, 10))
panels[1].set(title="latents, level by level", xlim=(0, 10))
