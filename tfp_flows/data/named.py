"""Image sets by their names in TensorFlow Datasets."""

import contextlib
import importlib
import textwrap
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfp_flows.data.elements import Elements
from tfp_flows.ops.arguments import did_you_mean

_RETRIES = 2


def open_named(name: str, split: str, data_dir: Any = None) -> Elements:
    """Opens a set that TensorFlow Datasets has prepared, or prepares it now.

    Args:
      name: such as "cifar10" or "imagenet_resized/32x32".
      split: such as "test" or "train[:90%]".
      data_dir: where prepared sets are; `None` for the usual place of TensorFlow Datasets.

    Raises:
      ImportError: `tensorflow-datasets` is not installed.
      ValueError: there is no such set or split, or it has no images.
      OSError: the set is not there and cannot be downloaded, or the name is that of no directory.
    """
    tfds = _tfds(name, data_dir)
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (tfds.core.registered.DatasetNotFoundError, ValueError) as error:
        wanted = "a data set of `tensorflow_datasets`, a directory"
        hint = did_you_mean(name, tfds.list_builders(with_community_datasets=False))
        if "/" in name and isinstance(error, tfds.core.registered.DatasetNotFoundError):
            message = f"`source` must be {wanted} that is there; got {name!r}, which is neither"
            raise FileNotFoundError(f"{message}.{hint}") from error
        raise ValueError(
            f"`source` must be {wanted}, an array or a dataset; got {name!r}, which is none of "
            f"them: {str(error).splitlines()[0]}{hint}"
        ) from error
    _prepare(builder, name, data_dir)
    features = builder.info.features
    if "image" not in features:
        raise ValueError(
            f"`source` must be a data set with the feature 'image'; {name!r} has {list(features)}."
        )
    # Of TFDS's own error, which lists the splits, nothing is lost.
    dataset = builder.as_dataset(split=split, shuffle_files=False)
    keys = [key for key in ("image", "label") if key in features]
    label = features["label"] if "label" in keys else None
    names = getattr(label, "names", None)
    return Elements(
        dataset.map(lambda example: {key: example[key] for key in keys}, tf.data.AUTOTUNE),
        num_classes=getattr(label, "num_classes", None),
        class_names=None if names is None else tuple(names),
    )


def _tfds(name: str, data_dir: Any) -> Any:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise ImportError(
            f"{name!r} must have its official files in `directory` or `data_dir`, got "
            f"{data_dir!r}, or `pip install tensorflow-datasets`, which cannot be imported: "
            f"{error}."
        ) from error


def _prepare(builder: Any, name: str, data_dir: Any) -> None:
    try:
        with _few_retries():
            builder.download_and_prepare()
    # Of the network, of files, of checksums: TFDS lets through what its libraries raise.
    except Exception as error:
        reason = textwrap.shorten(str(error), 300, placeholder=" ...")
        raise FileNotFoundError(
            f"`source` must be data that are there or can be downloaded; got {name!r}, which is "
            f"not in {builder.data_path}, and whose download failed with "
            f"{type(error).__name__}: {reason} Where there is no network, pass `data_dir`: a "
            f"directory in which TensorFlow Datasets has prepared {name!r} elsewhere, or one with "
            "the official files of MNIST, Fashion-MNIST or CIFAR-10; "
            f"`data_dir` was {data_dir!r}."
        ) from error


@contextlib.contextmanager
def _few_retries() -> Iterator[None]:
    """TFDS tries 10 times, ever more slowly: it says after three minutes that nothing is there."""
    downloader: Any = importlib.import_module("tensorflow_datasets.core.download.downloader")
    usual = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = min(usual, _RETRIES)
    try:
        yield
    finally:
        downloader.MAX_RETRIES = usual
