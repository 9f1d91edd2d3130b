"""Samples as one picture."""

import math
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfp_flows.ops.files import written_beside


def write_grid(images: np.ndarray, num_levels: int, path: Path) -> None:
    """Writes a PNG file of images in rows, with a pixel of white between them.

    Args:
      images: integers `[n, H, W, C]` in `0..num_levels - 1`, grey or RGB.
      num_levels: of a pixel; the highest one is white.
      path: of the file.
    """
    grid = arranged((images.astype(np.float64) * 255 / (num_levels - 1)).round().astype(np.uint8))
    with written_beside(path) as beside:
        beside.write_bytes(tf.io.encode_png(grid).numpy())


def arranged(images: np.ndarray) -> np.ndarray:
    """One image of bytes `[n, H, W, C]`, as square as it gets.

    Example:
      >>> import numpy as np
      >>> from tfp_flows.cli.pictures import arranged
      >>> arranged(np.zeros([6, 8, 8, 1], np.uint8)).shape
      (19, 28, 1)
    """
    number, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(number))
    rows = -(-number // columns)
    grid = np.full([rows * (height + 1) + 1, columns * (width + 1) + 1, channels], 255, np.uint8)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + 1) + 1, (i % columns) * (width + 1) + 1
        grid[top : top + height, left : left + width] = image
    return grid
