"""Folders of image files, checked before the first batch."""

import collections
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.elements import Elements, named
from tfp_flows.data.fitting import with_channels

_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}
_SPLITS = {"train", "training", "test", "valid", "validation", "val"}
_WHOLE = ("train", "all")


def open_folder(folder: Path, split: str, channels: int | None = None) -> Elements:
    """Images of a folder in the order of their names: PNG, JPEG, BMP, GIF or WebP.

    Args:
      folder: with images; or with a folder of images for each class; or with folders such as
        `train` and `test` of either kind. Classes are numbered in the order of their names, those
        of all such folders together, with or without images: a class has one number everywhere.
      split: which of such folders; where there are none, "train" and "all" are all images.
      channels: 1 or 3, to make all images grey or RGB.

    Raises:
      FileNotFoundError: there is no such folder, or none for the split.
      ValueError: there are no images; or some are unreadable or of another number of channels
        than most without `channels`, or neither grey nor RGB: the message names them.
    """
    root = _of_split(folder, split)
    splits = [root] if root == folder else _folders(folder)
    names = sorted({path.name for each in splits for path in _folders(each)})
    classes = [(label, root / name) for label, name in enumerate(names) if (root / name).is_dir()]
    files = [(path, label) for label, its in classes for path in _files(its)]
    loose = _files(root)
    if loose and files:
        raise ValueError(
            f"`source` must hold images or folders of images; {root} holds both, such as "
            f"{loose[0].name} and {files[0][0].relative_to(root)}."
        )
    paths = loose or [path for path, _ in files]
    if not paths:
        raise ValueError(f"`source` must hold images ({', '.join(sorted(_ENDINGS))}); got {root}.")
    # Before the files are read: those that change meanwhile are others the next time.
    states = [(str(path.relative_to(root)), path.stat()) for path in paths]
    facts = [(name, state.st_size, state.st_mtime_ns) for name, state in states]
    origin = (str(root.resolve()), names, facts)
    shapes = _checked_shapes(paths, channels)
    columns: dict[str, Any] = {"path": [str(path) for path in paths]}
    if files:
        columns["label"] = np.array([label for _, label in files], np.int64)
    fixed = shapes[0] if len(set(shapes)) == 1 else (None, None, shapes[0][2])

    def read(element: dict[str, Any]) -> dict[str, Any]:
        path = element.pop("path")
        image = _decode(tf.io.read_file(path))
        image = image if channels is None else with_channels(image, channels)
        return {"image": tf.ensure_shape(image, fixed), **element}

    dataset = tf.data.Dataset.from_tensor_slices(columns).map(read, tf.data.AUTOTUNE)
    sizes = dict(zip(columns["path"], (shape[:2] for shape in shapes), strict=True))
    return Elements(
        dataset,
        num_classes=len(names) if files else None,
        class_names=tuple(names) if files else None,
        sizes=sizes,
        origin=origin,
    )


def _of_split(folder: Path, split: str) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"`source` must be a directory that is there; got {folder}.")
    # Not a path to anywhere else: classes are numbered together with those of the other splits.
    if split in {path.name for path in _folders(folder)}:
        return folder / split
    others = sorted(path.name for path in folder.iterdir() if path.name in _SPLITS)
    if others:
        raise FileNotFoundError(f"`split` must be one of {others} in {folder}; got {split!r}.")
    if split not in _WHOLE:
        raise FileNotFoundError(
            f"`split` must be 'train' or 'all', which are all images, in {folder}; got {split!r}. "
            "For splits put the images into folders of it, such as 'train' and 'test'."
        )
    return folder


def _folders(folder: Path) -> list[Path]:
    """But for hidden ones, which other programs leave behind."""
    return [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)


def _decode(content: Any) -> tf.Tensor:
    # `decode_image` knows no WebP.
    return tf.cond(
        tf.strings.substr(content, 8, 4) == b"WEBP",
        lambda: tf.io.decode_webp(content)[0],
        lambda: tf.io.decode_image(content, expand_animations=False),
    )


def _checked_shapes(paths: list[Path], channels: int | None) -> list[tuple[int, ...]]:
    """What each image will be: all are read once, since a graph could not name the bad ones."""
    with ThreadPoolExecutor() as pool:
        shapes = list(pool.map(_shape_of, paths))
    unreadable = [path for path, shape in zip(paths, shapes, strict=True) if shape is None]
    if unreadable:
        raise ValueError(f"`source` must hold readable images; got {named(unreadable)}.")
    found = {path: shape[2] for path, shape in zip(paths, shapes, strict=True)}
    usual, _ = collections.Counter(found.values()).most_common(1)[0]
    if channels is None:
        others = {path: f"{its} channels" for path, its in found.items() if its != usual}
        if others:
            wanted = f"images of {usual} channels, as most of its images are, or `channels` be set"
            raise ValueError(f"`source` must hold {wanted}; got {named(others)}.")
    strange = {path: f"{its} channels" for path, its in found.items() if its not in (1, 3)}
    if strange:
        raise ValueError(f"`source` must hold grey or RGB images; got {named(strange)}.")
    return shapes if channels is None else [(*shape[:2], channels) for shape in shapes]


def _shape_of(path: Path) -> tuple[int, ...] | None:
    try:
        with tf.device("CPU:0"):
            return tuple(_decode(path.read_bytes()).shape)
    # TensorFlow's message can quote bytes that are no text.
    except (OSError, tf.errors.OpError, UnicodeDecodeError):
        return None
