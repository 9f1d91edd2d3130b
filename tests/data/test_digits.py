import numpy as np
import pytest

from tfp_flows.data import DIGITS_NUM_LEVELS, load_digits


@pytest.mark.parametrize(("split", "size"), [("train", 1437), ("test", 360), ("all", 1797)])
def test_has_the_documented_shapes_and_dtypes(split, size):
    images, labels = load_digits(split)
    assert images.shape == (size, 8, 8, 1)
    assert labels.shape == (size,)
    assert images.dtype == labels.dtype == np.uint8


def test_is_the_published_data_set():
    images, labels = load_digits("all")
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.sum(dtype=np.int64) == 561_718


def test_uses_each_of_the_seventeen_levels():
    images, _ = load_digits("all")
    assert np.unique(images).tolist() == list(range(DIGITS_NUM_LEVELS))


def test_splits_are_disjoint_and_complete():
    parts = [load_digits(split)[0] for split in ("train", "test")]
    train, test = ({image.tobytes() for image in part} for part in parts)
    assert not train & test
    everything = {image.tobytes() for image in load_digits("all")[0]}
    assert train | test == everything
    # No two images of the set are equal, so sets of images lose none.
    assert len(everything) == 1797


def test_labels_belong_to_their_images():
    (images, labels), (new_images, new_labels) = load_digits("train"), load_digits("test")
    centroids = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
    distances = np.square(new_images[:, None] - centroids).sum(axis=(2, 3, 4))
    assert np.mean(distances.argmin(axis=1) == new_labels) > 0.85


def test_splits_have_the_same_distribution_of_classes():
    train, test = (np.bincount(load_digits(split)[1]) for split in ("train", "test"))
    expected = train * 360 / 1437
    # 99.9 % quantile of chi-square with 9 degrees of freedom, for the error of both counts.
    assert np.sum((test - expected) ** 2 / expected) / (1 + 360 / 1437) < 27.9


def test_does_not_hand_out_shared_arrays():
    load_digits()[0][:] = 99
    assert load_digits()[0].max() == 16


@pytest.mark.parametrize("split", ["valid", "", None])
def test_names_the_split_it_does_not_know(split):
    with pytest.raises(ValueError, match=f"'train', 'test' or 'all'; got {split!r}"):
        load_digits(split)
