"""What is said of files of image sets that are missing, damaged or of something else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ImagesAndLabels = tuple[np.ndarray, np.ndarray]


def checked(images: np.ndarray, labels: np.ndarray, path: Path) -> ImagesAndLabels:
    """Gives images and labels, if `path` holds a label in 0..9 for each image."""
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != images.shape[:1]:
        wanted = f"file of {len(images)} integer labels, one for each image"
        raise wrong(path, wanted, f"{labels.dtype} {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() <= 9:
        raise wrong(path, "file of labels in 0..9", f"{labels.min()}..{labels.max()}")
    return images, labels.astype(np.int64)


def are_there(files: Sequence[Path]) -> bool:
    """Whether all files are there; a `FileNotFoundError` if only some of them are."""
    missing = [file for file in files if not file.is_file()]
    if missing and len(missing) < len(files):
        raise FileNotFoundError(f"`{missing[0]}` must be there, beside the others of its set.")
    return not missing


def wrong(path: Path, wanted: str, got: Any) -> ValueError:
    """The error for a file that is not what it should be."""
    return ValueError(f"`{path}` must be a {wanted}; got {got}.")
