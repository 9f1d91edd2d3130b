"""How many images a second `data.images` makes ready, with nothing else to do.

    python benchmarks/input_pipeline.py [--data DIRECTORY]

DIRECTORY has the official files of CIFAR-10 (see `data.load_images`); without it, random bytes of
the same size take their place: the pipeline does not look at what they show. Two threads. Each
line is the median of the epochs after the first, which fills the cache, and the slowest of them.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

from tfp_flows import data
from tfp_flows.data import Batches

BATCH = 128
EPOCHS = 4


def settings(images: np.ndarray, directory: str) -> Iterator[tuple[str, Batches]]:
    """What is measured: the usual pipeline, what can be added to it, and other sources."""
    usual = {"batch_size": BATCH, "shuffle": True, "seed": 0}
    yield "integers, for Dequantized", data.images(images, dequantize=False, **usual)
    yield "dequantized", data.images(images, **usual)
    yield (
        "dequantized, 5 bits, [-0.5, 0.5)",
        data.images(images, num_bits=5, scaling="centered", **usual),
    )
    yield "flipped and dequantized", data.images(images, flip=True, **usual)
    yield "flipped, shifted and dequantized", data.images(images, flip=True, shift=4, **usual)
    stream = tf.data.Dataset.from_tensor_slices(images)
    yield "a dataset, kept in memory", data.images(stream, **usual)
    yield "a dataset, kept in a file", data.images(stream, cache=f"{directory}/images", **usual)


def images_per_second(batches: Batches, epochs: int) -> list[float]:
    """Of each epoch."""
    speeds = []
    for _ in range(epochs):
        start, count = time.perf_counter(), 0
        for x in batches.dataset:
            count += len(x)
        speeds.append(count / (time.perf_counter() - start))
    return speeds


def main() -> None:
    """Measures all settings and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="official files of CIFAR-10")
    given = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    if given.data:
        images, _ = data.load_images("cifar10", directory=given.data)
    else:
        images = np.random.default_rng(0).integers(0, 256, (50_000, 32, 32, 3), np.uint8)
    print(f"tensorflow {tf.__version__}, {len(images):,d} images {images.shape[1:]}, batch {BATCH}")
    print(f"{'':<36} images/s    slowest epoch")
    with tempfile.TemporaryDirectory() as directory:
        for name, batches in settings(images, directory):
            speeds = images_per_second(batches, 1 + EPOCHS)[1:]
            print(f"{name:<36} {statistics.median(speeds):8,.0f}    {min(speeds):8,.0f}")


if __name__ == "__main__":
    main()
