"""Partitions
=============

A coupling keeps one part of an image and moves the rest, and its partition says which. The first
picture shows what each partition keeps of a small image; what it moves is black. The two parities
of a partition share the image between them, so couplings of alternating parities move every pixel.
Partitions that never flip leave some pixels as they are, however deep the flow is: the second
picture sends the image through couplings with random networks.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tfp_flows import bijectors, nets
from tfp_flows.partitions import Alternating, Checkerboard, Halves, Mask, Stripes

# %%
# The image is a flower of 24x24 pixels; its channels are red, green and blue. `Halves` and
# `Alternating` split the channels, the others the pixels; a `Mask` is any boolean array.

y, x = np.mgrid[-1:1:24j, -1:1:24j]
radius, angle = np.hypot(x, y), np.arctan2(x, y)
flower = np.full((24, 24, 3), [0.55, 0.8, 0.95], np.float32)
flower[radius < 0.55 + 0.4 * np.abs(np.cos(2.5 * angle))] = [0.95, 0.35, 0.6]
flower[radius < 0.35] = [1.0, 0.85, 0.2]

worn = {
    "Halves": Halves(event_ndims=3),
    "Alternating": Alternating(event_ndims=3),
    "Checkerboard": Checkerboard(),
    "Stripes": Stripes(),
    "Stripes,\nhorizontal": Stripes(direction="horizontal"),
    "Mask": Mask(np.broadcast_to((radius < 0.75)[..., None], flower.shape)),
}
figure, axes = plt.subplots(2, len(worn), figsize=(9, 3.6), layout="constrained")
for column, (name, partition) in zip(axes.T, worn.items(), strict=True):
    column[0].set_title(name)
    for axis, member in zip(column, (partition, partition.flipped()), strict=True):
        kept, moved = member.split(tf.constant(flower))
        axis.imshow(member.merge(kept, tf.zeros_like(moved)))
        axis.set(xticks=[], yticks=[])
axes[0, 0].set_ylabel("kept by\nparity 0")
axes[1, 0].set_ylabel("kept by\nparity 1")

# %%
# Good and bad sequences of partitions: what four couplings make of the flower. Columns and rows in
# turn look thorough, but with one parity each a quarter of the pixels never moves.

board, columns, rows = Checkerboard(), Stripes(), Stripes(direction="horizontal")
sequences = {
    "both parities": [board, board.flipped(), board, board.flipped()],
    "the same parity": [board, board, board, board],
    "columns and rows,\none parity each": [columns, rows, columns, rows],
}
keras.utils.set_random_seed(0)
make_net = nets.MLP((64,), uniform=0.1)
figure, axes = plt.subplots(3, 6, figsize=(9, 5), layout="constrained")
for row, (name, sequence) in zip(axes, sequences.items(), strict=True):
    row[0].set_ylabel(name)
    latents = [flower]
    for partition in sequence:
        net = make_net(*partition.part_shapes(flower.shape), num_params=1)
        latents.append(bijectors.AdditiveCoupling(partition, net).inverse(latents[-1]).numpy())
    unmoved = latents[-1] == flower
    for axis, picture in zip(row, [*latents, unmoved * flower], strict=True):
        axis.imshow(np.clip(picture, 0, 1))
        axis.set(xticks=[], yticks=[])
    row[-1].set_xlabel(f"{unmoved.mean():.0%}")
titles = ["image", "1 coupling", *(f"{depth} couplings" for depth in (2, 3, 4)), "never moved"]
for axis, title in zip(axes[0], titles, strict=True):
    axis.set_title(title)
