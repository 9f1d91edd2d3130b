"""Anomalies, and why likelihood alone misleads
===============================================

A flow gives each image a density, so images of low density should be the strange ones. They are
not: a blurred digit, or an empty image, gets a *higher* density than any real one, since it is
simple (`Nalisnick et al. 2019 <https://arxiv.org/abs/1810.09136>`_). A typical image has about the
mean density, not the largest, and latents whose squared norm is about their number, at every level.
What is strange is strange to one of these levels: count its latents' squared norm in standard
deviations, above and below the mean of held-out digits.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, flows, latents, transforms

keras.utils.set_random_seed(0)
LEVELS = data.DIGITS_NUM_LEVELS
images, _ = data.load_digits("train")
batches = data.images(images[200:], batch_size=64, num_levels=LEVELS, seed=0)
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
# Digits that the flow has never seen, and four kinds of images that are none.

test_images, _ = data.load_digits("test")
rng = np.random.default_rng(0)
padded = np.pad(np.float64(test_images), [(0, 0), (1, 1), (1, 1), (0, 0)])
blurred = sum(padded[:, i : i + 8, j : j + 8] for i in range(3) for j in range(3)) / 9
groups = {
    "digits": test_images,
    "blurred": np.rint(blurred),
    "flat": np.broadcast_to(rng.integers(0, 17, [360, 1, 1, 1]), test_images.shape),
    "upside down": test_images[:, ::-1],
    "noise": rng.integers(0, 17, test_images.shape),
}
