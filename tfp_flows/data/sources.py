"""What `images` takes: names, directories, arrays and datasets, as `Elements`."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.elements import Elements
from tfp_flows.data.folders import open_folder
from tfp_flows.data.levels import check_integer
from tfp_flows.data.named import open_named
from tfp_flows.data.official import CLASS_NAMES, read_official


def open_source(source: Any, split: str, data_dir: Any, channels: int | None) -> Elements:
    """Gives the elements of a source, in its own order.

    Raises:
      TypeError: it is none of the kinds that `images` takes, or its images are no integers.
      ValueError: images or labels have a wrong shape, or there are none.
      FileNotFoundError: it is the path of a directory that is not there.
    """
    if isinstance(source, Elements):  # The command line opens a folder once for many batches.
        elements = source
    elif isinstance(source, tf.data.Dataset):
        elements = _of_dataset(source)
    elif isinstance(source, os.PathLike) or (isinstance(source, str) and Path(source).is_dir()):
        elements = open_folder(Path(source), split, channels)
    elif isinstance(source, str):
        check_no_path(source)
        elements = _of_name(source, split, data_dir)
    else:
        elements = _of_arrays(source)
    spec = elements.image_spec
    check_integer(spec.dtype, "source")
    if elements.dataset.cardinality() == 0:
        raise ValueError("`source` must hold at least 1 image; got 0.")
    return elements


def check_no_path(name: str) -> None:
    """Raises a `FileNotFoundError` for what can only be the path of a directory."""
    if name.startswith((".", "~", os.sep)) or name.endswith(os.sep):
        raise FileNotFoundError(f"`source` must be a directory that is there; got {name}.")


def _of_name(name: str, split: str, data_dir: Any) -> Elements:
    if data_dir is not None:
        for place in (Path(data_dir), Path(data_dir) / name):
            found = read_official(name, split, place)
            if found is not None:
                images, labels = found
                return Elements.of_arrays({"image": images, "label": labels}, 10, CLASS_NAMES[name])
    return open_named(name, split, data_dir)


def _of_arrays(source: Any) -> Elements:
    pair = source if isinstance(source, tuple) else (source,)
    if not 1 <= len(pair) <= 2 or not all(hasattr(part, "shape") for part in pair):
        raise TypeError(
            "`source` must be a name, a directory, an array, a pair of arrays (images, labels) or "
            f"a `tf.data.Dataset`; got a {type(source).__name__}."
        )
    arrays = dict(zip(("image", "label"), map(np.asarray, pair), strict=False))
    images, labels = arrays["image"], arrays.get("label")
    if images.ndim != 4:
        raise ValueError(f"`source` must be of shape [n, H, W, C]; got shape {images.shape}.")
    if not len(images):
        raise ValueError("`source` must hold at least 1 image; got 0.")
    if labels is None:
        return Elements.of_arrays(arrays)
    if labels.shape[:1] != images.shape[:1]:
        raise ValueError(
            f"`source` must have a label for each of {len(images)} images; got labels of shape "
            f"{labels.shape}."
        )
    is_class = np.issubdtype(labels.dtype, np.integer)
    return Elements.of_arrays(arrays, num_classes=int(labels.max()) + 1 if is_class else None)


def _of_dataset(source: tf.data.Dataset[Any]) -> Elements:
    spec: Any = source.element_spec
    if isinstance(spec, tf.TensorSpec):
        dataset, image = source.map(lambda image: {"image": image}), spec
    elif isinstance(spec, tuple) and len(spec) == 2:
        dataset, image = source.map(lambda image, label: {"image": image, "label": label}), spec[0]
    elif isinstance(spec, dict) and "image" in spec:
        keys = [key for key in ("image", "label") if key in spec]
        dataset, image = source.map(lambda e: {key: e[key] for key in keys}), spec["image"]
    else:
        raise TypeError(
            "`source` must be a dataset of images, of pairs (image, label) or of dicts with "
            f"'image'; got elements {spec}."
        )
    if image.shape.rank not in (3, None):
        raise ValueError(
            f"`source` must be a dataset of images [H, W, C], not of batches; got shape "
            f"{image.shape}."
        )
    return Elements(dataset)
