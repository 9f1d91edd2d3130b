"""Batches of images for a flow, from wherever they are."""

from collections.abc import Sequence
from typing import Any

from tfp_flows.data.batches import Batches
from tfp_flows.data.caches import kept
from tfp_flows.data.fitting import Fit
from tfp_flows.data.options import (
    check_channels,
    check_class_names,
    check_shard,
    check_size,
    levels_of,
    remainder_dropped,
    width_of,
)
from tfp_flows.data.order import in_epochs
from tfp_flows.data.preparation import finisher, prepared
from tfp_flows.data.scaling import ScalingName
from tfp_flows.data.sources import open_source
from tfp_flows.ops.arguments import check_int


def images(
    source: Any,
    split: str = "train",
    *,
    batch_size: int,
    num_bits: int = 8,
    num_levels: int | None = None,
    size: tuple[int, int] | None = None,
    fit: Fit = "crop",
    channels: int | None = None,
    flip: bool = False,
    shift: int = 0,
    labels: bool = False,
    class_names: Sequence[str] | None = None,
    dequantize: bool = True,
    scaling: ScalingName = "unit",
    shuffle: bool | None = None,
    seed: int | None = None,
    cache: Any = True,
    shard: tuple[int, int] | None = None,
    drop_remainder: bool | None = None,
    data_dir: Any = None,
) -> Batches:
    """Reads, fits, shuffles, augments, batches and dequantizes images.

    Args:
      source: one of

        - a name in TensorFlow Datasets, such as "cifar10" or "imagenet_resized/32x32", which is
          downloaded once;
        - a directory of image files, or of one folder of them for each class, or of folders such as
          `train` and `test` of either kind; each file is read once more to check it. Classes are
          numbered in the order of their names, of all of `train`, `test` and so on together;
        - integers `[n, H, W, C]`, or a pair of them and their labels `[n, ...]`;
        - a finite `tf.data.Dataset` of images `[H, W, C]`, of pairs (image, label), or of dicts
          with "image" and "label".
      split: of a named set, also "train[:90%]" where TensorFlow Datasets reads it; of a directory,
        the name of a folder in it; "train" and "all" are all images of one without such folders.
        For other sources it only decides on `shuffle`.
      batch_size: images in a batch.
      num_bits: keeps so many of the 8 bits of a byte, the upper ones: `floor(x / 2**(8 - bits))`.
      num_levels: says that the images hold integers in `0..num_levels - 1`, and leaves them as
        they are; `None` for bytes.
      size: height and width to give all images; `None` leaves them as they are.
      fit: how: "crop" cuts the middle out, "pad" adds a border of zeros, "resize" scales until the
        image covers `size` and cuts the middle out.
      channels: 1 or 3 makes all images grey or RGB, such as those of a directory of both; `None`
        leaves them as they are.
      flip: whether to mirror each image left to right, or not, by chance.
      shift: up to how many pixels to move each image by chance, along both axes; edges are
        repeated.
      labels: whether to give pairs (x, label), which `FlowModel` reads as events and contexts.
      class_names: what the labels 0, 1, ... shall mean: pass `train.class_names` for another
        directory or set, whose classes get the numbers that they have in `train`. Classes without
        names keep their numbers. `None` numbers the classes as the source does.
      dequantize: whether to add uniform noise and scale. Without it batches are integers, for
        `distributions.Dequantized`, and `bin_width` is 1.
      scaling: where the pixels lie: "unit" for [0, 1), "centered" for [-0.5, 0.5), "symmetric" for
        [-1, 1), "integers" for [0, num_levels). The result has the `bin_width` for it. The logit of
        RealNVP is the `logit_alpha` of `flows`: a bijector, whose log-det belongs to the density.
      shuffle: whether each epoch has an order of its own; `None` for splits that start with
        "train". All images in memory are shuffled, of others 10,000 at a time.
      seed: with the number of the epoch it determines order, augmentation and noise, in any
        process of one version of TensorFlow; `None` draws one from TensorFlow's global generator.
      cache: `True` keeps the images in memory, as integers of `size`; a path keeps them in files
        whose names begin with it, one for each set of arguments and each state of the files of a
        directory (take another path for each `tf.data.Dataset`); `False` reads them anew in each
        epoch. Arrays are in memory anyway.
      shard: `(index, count)` leaves this worker every `count`-th image; `batch_size` is then its
        own, and all workers together train with `count` times as many.
      drop_remainder: whether to leave out a last batch of fewer images; `None` for: if shuffled
        and there is a full one. The batch size is static if they are left out.
      data_dir: where TensorFlow Datasets has, or shall put, its sets; or a directory with the
        official files of MNIST, Fashion-MNIST or CIFAR-10, as `load_images` reads them.

    Returns:
      `Batches` of `x`: float32 `[b, H, W, C]`, or uint8 without `dequantize`. Samples of a flow of
        them can lie slightly outside of [0, 1], where its density is small but not 0; `quantize`
        clips them.

    Raises:
      TypeError: an argument is of a wrong type, or images are not integers.
      ValueError: an argument, a pixel or the size of an image is out of range, there are no images
        or no labels, or classes that are not in `class_names`, or files are unreadable, of several
        sizes or of several kinds: named.
      OSError: a set is not there and cannot be downloaded, or a directory is not there.
      ImportError: `source` is a name, and `tensorflow-datasets` is not installed.
      tf.errors.InvalidArgumentError: likewise, when a batch of a set without `cache` is read.

    Example:
      >>> from tfp_flows import data
      >>> batches = data.images(data.load_digits("train"), batch_size=64, num_levels=17, seed=0)
      >>> len(batches), batches.event_shape, batches.num_levels, batches.bin_width == 1 / 17
      (22, (8, 8, 1), 17, True)
      >>> next(iter(batches)).shape
      TensorShape([64, 8, 8, 1])
    """
    check_int("batch_size", batch_size, 1)
    check_int("shift", shift, 0)
    source_levels, levels = levels_of(num_bits, num_levels)
    width = width_of(levels, scaling, dequantize=dequantize)
    size, (worker, workers) = check_size(size, fit), check_shard(shard)
    channels, class_names = check_channels(channels), check_class_names(class_names, labels=labels)
    shuffle = split.startswith("train") if shuffle is None else shuffle
    opened = open_source(source, split, data_dir, channels)
    opened = opened.labelled(wanted=labels)
    if class_names is not None:
        opened = opened.numbered(class_names)
    opened = opened.part(worker, workers)
    elements = prepared(
        opened,
        source_levels=source_levels,
        num_levels=levels,
        size=size,
        fit=fit,
        channels=channels,
    )
    of = opened.origin or (source if isinstance(source, str) else elements.dataset.element_spec)
    chosen = (source_levels, levels, size, fit, channels, labels, class_names, worker, workers)
    key = (str(of), split, str(data_dir), *chosen)
    elements = kept(elements, cache, key)
    num_events = elements.count(shuffle=shuffle)
    drop = remainder_dropped(num_events, batch_size, drop=drop_remainder, shuffle=shuffle)
    finish = finisher(
        num_levels=levels, flip=flip, shift=shift, dequantize=dequantize, scaling=scaling
    )
    batches_of = in_epochs(
        elements,
        finish,
        batch_size=batch_size,
        shuffle=shuffle,
        drop_remainder=drop,
        seed=seed,
        worker=worker,
    )
    return Batches(
        batches_of,
        batch_size=batch_size,
        event_shape=tuple(elements.image_spec.shape),
        num_levels=levels,
        bin_width=width,
        num_events=num_events,
        drop_remainder=drop,
        num_classes=elements.num_classes if labels else None,
        class_names=elements.class_names if labels else None,
        shard=(worker, workers),
    )
