"""Handwritten digits of 8x8 pixels that come with the package."""

import io
from importlib import resources
from typing import Literal

import numpy as np

DIGITS_NUM_LEVELS = 17
"""A pixel of the digits is an integer in 0..16."""

_NUM_TRAIN = 1437
_SPLITS = {"train": slice(_NUM_TRAIN), "test": slice(_NUM_TRAIN, None), "all": slice(None)}


def load_digits(split: Literal["train", "test", "all"] = "train") -> tuple[np.ndarray, np.ndarray]:
    """Gives the images `[n, 8, 8, 1]` and the labels `[n]`, both uint8.

    1,797 images of the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin
    and C. Kaynak (CC BY 4.0, see `digits_NOTICE.txt`). They are stored in one fixed random order:
    the first 1,437 are "train", the other 360 are "test". So the two are samples of the same
    distribution (the same 13 writers), the same ones on every machine; labels are not stratified.

    Args:
      split: "train", "test", or "all", which is "train" followed by "test".

    Returns:
      Images with pixels in 0..16 and labels in 0..9, new arrays at each call.

    Raises:
      ValueError: there is no such split.

    Example:
      >>> from tfp_flows.data.digits import load_digits
      >>> images, labels = load_digits("test")
      >>> images.shape, labels.shape
      ((360, 8, 8, 1), (360,))
    """
    if split not in tuple(_SPLITS):
        raise ValueError(f"`split` must be 'train', 'test' or 'all'; got {split!r}.")
    packed = resources.files("tfp_flows.data").joinpath("digits.npz").read_bytes()
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return arrays["images"][_SPLITS[split]], arrays["labels"][_SPLITS[split]]
