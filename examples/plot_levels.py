"""What each scale of a flow holds
==================================

A multi-scale flow lets half of its numbers leave after each level: those of the first level have
seen a small part of the image only, those of the last one all of it. To see what a level holds,
encode digits, draw the latents of that level anew, keep the others, and decode. The first level
holds the details of a stroke, the last one which digit it is. The figures in RealNVP's appendix D
(`Dinh et al. 2017 <https://arxiv.org/abs/1605.08803>`_) ask the same of photographs.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, flows, latents, transforms

# %%
# A small Glow of two levels, trained for half a minute on digits of 8x8 pixels with 17 grey levels.

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
# One test image of each class, and what becomes of it. All pictures of a column share the latents
# that were not drawn anew.

test_images, test_labels = data.load_digits("test")
chosen = [np.flatnonzero(test_labels == label)[2] for label in range(10)]
digits = data.dequantize(test_images[chosen], LEVELS, seed=[0, 0])

figure, axes = plt.subplots(3, 1, figsize=(7, 6.1), layout="constrained", height_ratios=[1, 3, 3])


def draw(panel, rows, title):
    """Images `[rows, columns, 8, 8, 1]` in [0, 1] as one picture."""
    framed = np.pad(data.quantize(rows, LEVELS)[..., 0], [(0, 0), (0, 0), (1, 1), (1, 1)])
    panel.imshow(np.block([list(row) for row in framed]), cmap="gray_r", interpolation="nearest")
    panel.set_title(title, loc="left")
    panel.axis("off")


draw(axes[0], digits[np.newaxis], "test images")
names = "first level", "last level"
for level, latent in enumerate(latents.encode(flow, digits)):
    drawn = latents.resample(flow, digits, level, n=3, temperature=0.7, seed=1)
    size = "x".join(str(size) for size in latent.shape[1:])
    draw(axes[level + 1], drawn, f"{names[level]} ({size} numbers) drawn anew, three times")
