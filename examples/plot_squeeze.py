"""The orders of a squeeze
=======================

`Squeeze` turns tiles of 2x2 pixels into channels, so that a split of the channels also splits the
pixels. Here the image has 4x4 pixels and two channels, a and b, which become eight channels of 2x2.
The hue of a pixel is its place in its tile, the shade is the tile. Papers and their code disagree
about the order of the new channels, and the order decides what leaves the flow when half of them
are factored out: a whole channel of the image, its odd rows, or one colour of the checkerboard
(RealNVP, section 3.6, https://arxiv.org/abs/1605.08803).
"""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.colors import to_rgb

from tfp_flows.bijectors import Squeeze
from tfp_flows.partitions import Halves

ORDERS = "channel", "position", "diagonal"
HUES = ("#d1495b", "#edae49"), ("#3a7ca5", "#5b8c5a")  # By the place in a tile.

# Numbers that are all different: 0 to 15 in channel a, 16 to 31 in channel b.
image = tf.constant(np.arange(32, dtype=np.float32).reshape(2, 4, 4).transpose(1, 2, 0))


def draw_plane(axis, plane):
    """One channel: a labelled tile for each number, a grey one for those below 0."""
    tiles = np.full((*plane.shape, 3), to_rgb("#e4e4e4"))
    for place, number in np.ndenumerate(plane.numpy().astype(int)):
        if number >= 0:
            row, column = divmod(number % 16, 4)
            white = 0.16 * (2 * (row // 2) + column // 2)
            tiles[place] = (1 - white) * np.array(to_rgb(HUES[row % 2][column % 2])) + white
            label = f"{number % 16}{'ab'[number // 16]}"
            axis.text(*place[::-1], label, ha="center", va="center", fontsize=8)
    axis.imshow(tiles)
    axis.hlines(np.arange(plane.shape[0] - 1) + 0.5, -0.5, plane.shape[1] - 0.5, "white")
    axis.vlines(np.arange(plane.shape[1] - 1) + 0.5, -0.5, plane.shape[0] - 0.5, "white")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


# %%
# The eight channels, in each order.

figure = plt.figure(figsize=(9, 3.5), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1.7, 7])
for channel, axis in enumerate(left.subplots(2, 1)):
    draw_plane(axis, image[..., channel])
    axis.set_title(f"channel {'ab'[channel]}")
for axes, order in zip(right.subplots(len(ORDERS), 8), ORDERS, strict=True):
    squeezed = Squeeze(order=order).inverse(image)
    for channel, axis in enumerate(axes):
        draw_plane(axis, squeezed[..., channel])
        if order == ORDERS[0]:
            axis.set_title(channel)
    axes[0].set_ylabel(f'"{order}"')

# %%
# What goes on if the second half of the channels leaves, seen in the image.

figure, axes = plt.subplots(1, 6, figsize=(9, 1.9), layout="constrained")
for pair, order in zip(axes.reshape(3, 2), ORDERS, strict=True):
    squeeze, halves = Squeeze(order=order), Halves(event_ndims=3)
    kept, leaving = halves.split(squeeze.inverse(image))
    seen = squeeze.forward(halves.merge(kept, -tf.ones_like(leaving)))
    for channel, axis in enumerate(pair):
        draw_plane(axis, seen[..., channel])
        axis.set_title(f'"{order}", {"ab"[channel]}')
