"""An attribute is a direction in latent space
==============================================

The mean latents of images that have an attribute, less those of images that do not, are a
direction, and an image that is moved along it gains the attribute. So Glow changed smiles and
beards (`Kingma & Dhariwal 2018 <https://arxiv.org/abs/1807.03039>`_, section 6). The flow was never
told of the attribute: some images with a label are enough, after training. Here the attributes are
measured: how bold a digit is written, and how far it leans.
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
images, _ = data.load_digits("train")
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
# The attributes of the training images. The direction goes from the quarter of them that has the
# least to the quarter that has the most.

ink = images[..., 0] / 16
up, right = np.meshgrid(np.arange(3.5, -4, -1), np.arange(-3.5, 4), indexing="ij")
attributes = {
    "bolder": ink.mean(axis=(1, 2)),
    "leaning to the right": (ink * up * right).sum(axis=(1, 2)) / ink.sum(axis=(1, 2)),
}
pixels = data.dequantize(images, LEVELS, seed=[0, 0]).numpy()

# %%
# One test image of each class, at strength 0, and moved to both sides. Too far, it becomes another
# digit: threes that lean to the right are sevens.

test_images, test_labels = data.load_digits("test")
chosen = [np.flatnonzero(test_labels == label)[1] for label in range(10)]
digits = data.dequantize(test_images[chosen], LEVELS, seed=[0, 1])
strengths = -1.0, -0.5, 0.0, 0.5, 1.0
figure, axes = plt.subplots(1, 2, figsize=(7, 6.2), layout="constrained")
for panel, (name, values) in zip(axes, attributes.items(), strict=True):
    least, most = np.quantile(values, [0.25, 0.75])
    direction = latents.attribute_direction(flow, pixels[values > most], pixels[values < least])
    moved = data.quantize(latents.move(flow, digits, direction, strengths), LEVELS)
    rows = np.swapaxes(moved[..., 0], 0, 1)
    framed = np.pad(rows, [(0, 0), (0, 0), (1, 1), (1, 1)])
    panel.imshow(np.block([list(row) for row in framed]), cmap="gray_r", interpolation="nearest")
    panel.set_title(name)
    panel.set(yticks=[], xticks=10 * np.arange(5) + 4.5, xticklabels=[f"{s:g}" for s in strengths])
    panel.set_xlabel("strength")
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
