"""How to read bits per dimension
=================================

Bits/dim are what an ideal compressor that knows the model would need for each pixel: the negative
log-probability of an image, to base 2, over the number of its pixels. Without any knowledge of the
17 grey levels a pixel takes log2(17) = 4.09 bits. Each thing that a model knows of digits saves
some: which levels are frequent, where, how pixels go together, and, for a flow, more with every
epoch. The scale is that of a file: times 64 pixels, over 8, these are the bytes of an image.
"""

import lzma
import math

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import data, flows, transforms

LEVELS = data.DIGITS_NUM_LEVELS
images, test_images = (data.load_digits(split)[0] for split in ("train", "test"))
bits = {"nothing: all levels alike": math.log2(LEVELS)}

# %%
# A compressor that knows no digits, on the test images one after the other.

packed = lzma.compress(test_images.tobytes())
bits["lzma, a general compressor"] = 8 * len(packed) / test_images.size

# %%
# How frequent the levels are in the training images: of all pixels, and of each pixel.

counts = (images[..., np.newaxis] == np.arange(LEVELS)).sum(axis=0) + 1.0
for name, histogram in {
    "how frequent each level is": counts.sum(axis=(0, 1), keepdims=True),
    "how frequent, for each pixel": counts,
}.items():
    log2 = np.log2(histogram / histogram.sum(axis=-1, keepdims=True))
    log2 = np.broadcast_to(log2, counts.shape)
    chosen = np.take_along_axis(log2[np.newaxis], test_images[..., np.newaxis].astype(int), -1)
    bits[name] = -chosen.mean()

# %%
# Densities see pixels with uniform noise, in [0, 1), where the levels lie 1/17 apart. What they
# need is an upper bound for grey levels. First a Gaussian of full covariance.

pixels = np.float64(data.dequantize(np.tile(images, [10, 1, 1, 1]), LEVELS, seed=[0, 1]))
test_pixels = data.dequantize(np.tile(test_images, [10, 1, 1, 1]), LEVELS, seed=[0, 2]).numpy()
flat = pixels.reshape(-1, 64)
gaussian = tfp.distributions.MultivariateNormalTriL(
    flat.mean(axis=0), np.linalg.cholesky(np.cov(flat.T))
)
nats = -np.mean(gaussian.log_prob(np.float64(test_pixels).reshape(-1, 64))) / 64
bits["Gaussian of full covariance"] = (nats + math.log(LEVELS)) / math.log(2)

# %%
# A small Glow, scored after some epochs.

keras.utils.set_random_seed(0)
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
model.compile(keras.optimizers.Adam(2e-3, global_clipnorm=50.0))
done = 0
for epochs in (1, 5, 25):
    model.fit(batches, initial_epoch=done, epochs=epochs, verbose=0)
    done = epochs
    score = model.evaluate(test_pixels, batch_size=600, verbose=0, return_dict=True)
    bits[f"Glow after {epochs} epoch{'s'[: epochs > 1]}"] = score["bits_per_dim"]

# %%
# From bad to good.

bits = dict(sorted(bits.items(), key=lambda item: item[1], reverse=True))
figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
colours = ["tab:orange" if name.startswith("Glow") else "lightgray" for name in bits]
bars = axes.barh(list(bits), list(bits.values()), color=colours)
axes.bar_label(bars, fmt="%.2f", padding=4)
axes.invert_yaxis()
axes.spines[["right", "top"]].set_visible(False)
axes.set_xlim(0, 4.6)
axes.set_xlabel("bits/dim of 360 test images: less is better")
above = axes.secondary_xaxis("top", functions=(lambda b: b * 64 / 8, lambda b: b * 8 / 64))
above.set_xlabel("bytes per image")
