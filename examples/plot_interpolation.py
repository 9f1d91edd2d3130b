"""Paths and a manifold in latent space
=======================================

A flow gives each image latents from which exactly that image comes back. What lies between the
latents of two images should be images, too. The latents of a normal base lie near a sphere, so a
good path turns on that sphere (``kind="spherical"``, the default); a straight line cuts through its
inside, where images are smoother and less typical. Four images span the manifold of RealNVP (`Dinh
et al. 2017 <https://arxiv.org/abs/1605.08803>`_, section 4).
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, flows, latents, transforms

# %%
# A small Glow, trained for half a minute on digits of 8x8 pixels with 17 grey levels.

keras.utils.set_random_seed(0)
LEVELS = data.DIGITS_NUM_LEVELS
batches = data.images(data.load_digits("train")[0], batch_size=64, num_levels=LEVELS, seed=0)
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
# Images of the test set, with the noise of dequantization; what is drawn is rounded to grey levels.

test_images, test_labels = data.load_digits("test")


def digits(*labels):
    """A test image of each of these classes."""
    chosen = [np.flatnonzero(test_labels == label)[2] for label in labels]
    return data.dequantize(test_images[chosen], LEVELS, seed=[0, 0])


def draw(panel, rows):
    """Images `[rows, columns, 8, 8, 1]` in [0, 1] as one picture."""
    framed = np.pad(data.quantize(rows, LEVELS)[..., 0], [(0, 0), (0, 0), (1, 1), (1, 1)])
    panel.imshow(np.block([list(row) for row in framed]), cmap="gray_r", interpolation="nearest")
    panel.axis("off")


# %%
# Paths. The first and the last image of each row are test images, the others nobody has written.

start, end = digits(0, 1, 2, 3, 4), digits(6, 7, 5, 8, 9)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for panel, kind in zip(axes, ("spherical", "linear"), strict=True):
    path = latents.interpolate(flow, start, end, num=8, kind=kind)
    draw(panel, np.swapaxes(path, 0, 1))
    panel.set_title(kind)

# %%
# The manifold: test images in the four corners, and what lies between them.

figure, panel = plt.subplots(figsize=(5, 5), layout="constrained")
draw(panel, latents.manifold(flow, digits(0, 6, 4, 9), num=9))
