"""Images side by side, as a PNG file."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

_BORDER = 1
_GREY = 128
_MAGENTA = (255, 0, 255)
_VISIBLE = 32  # Smaller images are enlarged to about so many pixels.


def grid(images: np.ndarray, bad: np.ndarray, rows: int) -> np.ndarray:
    """One picture, `[height, width, C]`, of uint8 images `[rows * columns, H, W, C]`.

    Args:
      images: in the order in which one reads.
      bad: which of them are shown in magenta instead, `[rows * columns]`.
      rows: how many.
    """
    if bad.any():
        images = np.broadcast_to(images, (*images.shape[:3], 3)).copy()
        images[bad] = _MAGENTA
    zoom = max(1, _VISIBLE // max(images.shape[1:3]))
    images = images.repeat(zoom, axis=1).repeat(zoom, axis=2)
    edges = ((0, 0), (_BORDER, 0), (_BORDER, 0), (0, 0))
    images = np.pad(images, edges, constant_values=_GREY)
    count, height, width, channels = images.shape
    tiles = images.reshape(rows, count // rows, height, width, channels).swapaxes(1, 2)
    picture = tiles.reshape(rows * height, -1, channels)
    return np.pad(picture, ((0, _BORDER), (0, _BORDER), (0, 0)), constant_values=_GREY)


def write_png(path: Path, picture: np.ndarray) -> None:
    """Writes beside the file and renames, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    part.write_bytes(tf.io.encode_png(picture).numpy())
    part.replace(path)
