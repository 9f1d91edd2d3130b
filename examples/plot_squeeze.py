"""Draws where pixels go when an image is squeezed, and which of them a channel split keeps.

    python examples/plot_squeeze.py [--output docs/pictures]

takes seconds. The image has 4x4 pixels and two channels, a and b. A pixel has one colour in all
drawings: the hue is its place in its tile of 2x2, the shade is the tile.

- squeeze_orders.png: the eight channels of 2x2 that `bijectors.Squeeze` makes of it, in each of its
  orders.
- squeeze_split.png: what goes on, seen in the image, if the second half of these channels leaves,
  as after a level of `bijectors.multi_scale` with `partitions.Halves`.

RealNVP, section 3.6: https://arxiv.org/abs/1605.08803.
"""

import argparse
import contextlib
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with contextlib.ExitStack() as undo:
    # TensorFlow logs some lines before it looks at that level.
    undo.callback(os.dup2, os.dup(2), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    import numpy as np
    import tensorflow as tf
    from matplotlib.axes import Axes
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    from tfp_flows.bijectors import Squeeze
    from tfp_flows.partitions import Halves

ORDERS = "channel", "position", "diagonal"
HUES = ("#d1495b", "#edae49"), ("#3a7ca5", "#5b8c5a")  # By the place in a tile.
PAPER, LEFT = "#efece4", "#dcd8cd"


def numbered_image() -> tf.Tensor:
    """An image whose numbers are all different: 0, 1, .. in channel a, 16, 17, .. in channel b."""
    return tf.constant(np.arange(32.0, dtype=np.float32).reshape(2, 4, 4).transpose(1, 2, 0))


def colour(pixel: int) -> np.ndarray:
    """Hue by the place in the tile, shade by the tile."""
    row, column = divmod(pixel, 4)
    white = 0.16 * (2 * (row // 2) + column // 2)
    return (1 - white) * np.array(to_rgb(HUES[row % 2][column % 2])) + white


def draw_plane(axes: Axes, plane: np.ndarray, title: str) -> None:
    """One channel: a coloured and labelled tile for each number, a grey one for -1."""
    numbers = plane.astype(int)
    sheet = np.empty((*numbers.shape, 3))
    for (row, column), number in np.ndenumerate(numbers):
        sheet[row, column] = to_rgb(LEFT) if number < 0 else colour(number % 16)
        if number >= 0:
            label = f"{number % 16}{'ab'[number // 16]}"
            axes.text(column, row, label, ha="center", va="center", fontsize=9)
    axes.imshow(sheet)
    axes.set_title(title, fontsize=10)
    # Lines of paper between the tiles.
    axes.set_xticks(np.arange(0.5, numbers.shape[1] - 1), minor=True)
    axes.set_yticks(np.arange(0.5, numbers.shape[0] - 1), minor=True)
    axes.grid(which="minor", color=PAPER, linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_orders(path: Path) -> None:
    """The image, and a row of squeezed channels for each order."""
    figure = Figure(figsize=(12.5, 4.8), facecolor=PAPER, dpi=110, layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[2, 9], wspace=0.03)
    for part in (left, right):
        part.set_facecolor(PAPER)
    image = numbered_image()
    for channel, axes in enumerate(left.subplots(2, 1)):
        draw_plane(axes, image[..., channel].numpy(), f"image, channel {'ab'[channel]}")
    grid = right.subplots(len(ORDERS), 8)
    for panels, order in zip(grid, ORDERS, strict=True):
        squeezed = Squeeze(order=order).inverse(image).numpy()
        for channel, axes in enumerate(panels):
            draw_plane(axes, squeezed[..., channel], str(channel) if order == ORDERS[0] else "")
        panels[0].set_ylabel(f'"{order}"', fontsize=11)
    figure.savefig(path)


def draw_split(path: Path) -> None:
    """What of the image is kept for each order."""
    figure = Figure(figsize=(12.5, 2.9), facecolor=PAPER, dpi=110, layout="constrained")
    parts = figure.subfigures(1, len(ORDERS), wspace=0.05)
    for part, order in zip(parts, ORDERS, strict=True):
        part.set_facecolor(PAPER)
        part.suptitle(f'"{order}"', fontsize=12)
        squeeze, halves = Squeeze(order=order), Halves(event_ndims=3)
        kept, leaving = halves.split(squeeze.inverse(numbered_image()))
        seen = squeeze.forward(halves.merge(kept, -tf.ones_like(leaving))).numpy()
        for channel, axes in enumerate(part.subplots(1, 2)):
            draw_plane(axes, seen[..., channel], f"channel {'ab'[channel]}")
    figure.savefig(path)


def main(output: Path) -> None:
    """Draws both."""
    output.mkdir(parents=True, exist_ok=True)
    draw_orders(output / "squeeze_orders.png")
    draw_split(output / "squeeze_split.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("docs/pictures"), help="directory")
    main(**vars(parser.parse_args()))
