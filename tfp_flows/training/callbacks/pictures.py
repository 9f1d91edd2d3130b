"""Images side by side, as a PNG file."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfp_flows.ops.files import written_beside

_BORDER = 1
_GREY = 128
_MAGENTA = (255, 0, 255)
_VISIBLE = 32  # Smaller images are enlarged to about so many pixels.


def grid(images: np.ndarray, bad: np.ndarray, rows: int) -> np.ndarray:
    """One picture, `[height, width, C]`, of uint8 images `[n, H, W, C]`.

    Args:
      images: in the order in which one reads.
      bad: which of them are shown in magenta instead, `[n]`.
      rows: how many; the last one may be shorter.
    """
    if bad.any():
        images = np.broadcast_to(images, (*images.shape[:3], 3)).copy()
        images[bad] = _MAGENTA
    zoom = max(1, _VISIBLE // max(images.shape[1:3]))
    images = images.repeat(zoom, axis=1).repeat(zoom, axis=2)
    edges = ((0, 0), (_BORDER, 0), (_BORDER, 0), (0, 0))
    images = np.pad(images, edges, constant_values=_GREY)
    count, height, width, channels = images.shape
    columns = -(-count // rows)
    missing = ((0, rows * columns - count), (0, 0), (0, 0), (0, 0))
    images = np.pad(images, missing, constant_values=_GREY)
    tiles = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    picture = tiles.reshape(rows * height, -1, channels)
    return np.pad(picture, ((0, _BORDER), (0, _BORDER), (0, 0)), constant_values=_GREY)


def write_png(path: Path, picture: np.ndarray) -> None:
    """Writes a file that nobody sees the half of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(path) as beside:
        beside.write_bytes(tf.io.encode_png(picture).numpy())
