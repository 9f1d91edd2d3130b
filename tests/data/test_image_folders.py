import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import images

RNG = np.random.default_rng(0)


def write(path, shape=(5, 4, 3), pixels=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, shape, np.uint8) if pixels is None else pixels
    encode = tf.io.encode_jpeg if path.suffix.lower() == ".jpg" else tf.io.encode_png
    path.write_bytes(encode(pixels).numpy())
    return pixels


def read(folder, split="all", **options):
    batches = images(folder, split, dequantize=False, **({"batch_size": 2} | options))
    return batches, list(batches.dataset.as_numpy_iterator())


@pytest.mark.parametrize("as_path", [lambda path: path, str])
@pytest.mark.parametrize("cache", [True, False])
def test_reads_a_flat_folder_in_the_order_of_its_names(tmp_path, as_path, cache):
    wanted = [write(tmp_path / name) for name in ("a.png", "b.PNG", "c.png")]
    (tmp_path / "README.txt").write_text("not an image")
    batches, parts = read(as_path(tmp_path), cache=cache)
    np.testing.assert_array_equal(np.concatenate(parts), wanted)
    assert (batches.event_shape, batches.num_events) == ((5, 4, 3), 3)
    with pytest.raises(ValueError, match="`labels` must be False for images without labels"):
        images(tmp_path, batch_size=2, labels=True)


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    wanted = [write(tmp_path / name, (5, 4, 1)) for name in ("ant/2.png", "bee/0.png", "bee/1.png")]
    (tmp_path / ".empty").mkdir()
    batches, parts = read(tmp_path, labels=True, batch_size=3)
    np.testing.assert_array_equal(parts[0][0], wanted)
    assert parts[0][1].tolist() == [0, 1, 1]
    assert (batches.num_classes, batches.class_names) == (2, ("ant", "bee"))
    assert read(tmp_path)[0].class_names is None


def test_folders_may_be_splits(tmp_path):
    wanted = {split: write(tmp_path / split / "cat" / "0.png") for split in ("train", "test")}
    for split in ("train", "test"):
        np.testing.assert_array_equal(read(tmp_path, split)[1][0][0], wanted[split])
    with pytest.raises(FileNotFoundError, match=r"`split` must be one of \['test', 'train'\]"):
        images(tmp_path, "validation", batch_size=2)


@pytest.mark.parametrize("splits", [("train", "test"), ("train2017", "val2017")])
def test_a_class_has_one_number_in_all_splits(tmp_path, splits):
    train, test = splits
    for name in ("ant", "bee", "cat"):
        write(tmp_path / train / name / "0.png")
    write(tmp_path / test / "cat" / "0.png")
    (tmp_path / test / "bat").mkdir()
    for split, wanted in ((train, [0, 2, 3]), (test, [3])):
        batches, parts = read(tmp_path, split, labels=True, batch_size=3, shuffle=False)
        assert parts[0][1].tolist() == wanted
        assert (batches.num_classes, batches.class_names) == (4, ("ant", "bat", "bee", "cat"))


@pytest.mark.parametrize("cache", [True, False])
def test_classes_of_another_folder_are_known_by_name(tmp_path, cache):
    for name in ("a/ant/0.png", "a/bee/0.png", "a/cat/0.png", "b/cat/0.png", "b/ant/0.png"):
        write(tmp_path / name)
    options = {"labels": True, "batch_size": 3, "cache": cache}
    names = read(tmp_path / "a", **options)[0].class_names
    assert read(tmp_path / "b", **options)[1][0][1].tolist() == [0, 1]
    batches, parts = read(tmp_path / "b", class_names=names, **options)
    assert parts[0][1].tolist() == [0, 2]
    assert (batches.num_classes, batches.class_names) == (3, ("ant", "bee", "cat"))
    with pytest.raises(ValueError, match=r"only classes of \['ant', 'cat'\]; got \['ant', 'bee'"):
        read(tmp_path / "a", class_names=("ant", "cat"), **options)


def test_a_cache_in_files_knows_class_names(tmp_path):
    write(tmp_path / "images" / "cat" / "0.png")
    for names, wanted in ((None, 0), (("ant", "cat"), 1)):
        options = {"labels": True, "cache": tmp_path / "kept", "class_names": names}
        assert read(tmp_path / "images", **options)[1][0][1].tolist() == [wanted]


@pytest.mark.parametrize("split", ["../other", "train/ant", "."])
def test_a_split_is_a_folder_in_the_folder(tmp_path, split):
    for name in ("images/train/ant/0.png", "other/bee/0.png"):
        write(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"`split` must be one of \['train'\]"):
        read(tmp_path / "images", split)


def test_an_empty_class_keeps_its_number(tmp_path):
    write(tmp_path / "bee" / "0.png")
    (tmp_path / "ant").mkdir()
    batches, parts = read(tmp_path, labels=True)
    assert (parts[0][1].tolist(), batches.num_classes) == ([1], 2)


def test_files_that_changed_are_read_again_in_spite_of_a_cache(tmp_path, monkeypatch):
    kept, folder = tmp_path / "kept", tmp_path / "images" / "train"
    write(folder / "bee" / "0.png", (5, 4, 1))
    monkeypatch.chdir(tmp_path / "images")

    def cached():
        return read("train", labels=True, cache=kept)[1][0]

    cached()
    for pixels in ((5, 4, 1), (4, 4, 1)):
        wanted = write(folder / "bee" / "0.png", pixels)
        np.testing.assert_array_equal(cached()[0][0], wanted)
    cached()
    assert len(list(tmp_path.glob("kept-*"))) == 3
    (folder / "ant").mkdir()
    assert cached()[1].tolist() == [1]
    # The same relative path in another place.
    wanted = write(tmp_path / "other" / "train" / "bee" / "0.png", (3, 3, 1))
    monkeypatch.chdir(tmp_path / "other")
    np.testing.assert_array_equal(cached()[0][0], wanted)


def test_what_pixels_mean_gets_a_cache_of_its_own(tmp_path):
    pixels = write(tmp_path / "0.png", pixels=np.arange(16, dtype=np.uint8).reshape(4, 4, 1))
    for given, wanted in (({"num_levels": 16}, pixels), ({"num_bits": 4}, pixels // 16)):
        found = read(tmp_path, cache=tmp_path / "kept", **given)[1][0][0]
        np.testing.assert_array_equal(found, wanted)


def test_mixed_sizes_are_named_unless_a_size_is_given(tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path / f"{name}.jpg")
    write(tmp_path / "odd.jpg", (9, 9, 3))
    with pytest.raises(ValueError, match=r"most are 5x4, but not \S*odd\.jpg \(9x9\)"):
        images(tmp_path, batch_size=2)
    assert read(tmp_path, size=(4, 4))[1][0].shape == (2, 4, 4, 3)
    with pytest.raises(
        ValueError, match=r"at least `size`, 8x8,.* got \S*a\.jpg \(5x4\), .*c\.jpg"
    ):
        images(tmp_path, batch_size=2, size=(8, 8))
    with pytest.raises(ValueError, match=r"at most `size`, 6x6,.* got \S*odd\.jpg \(9x9\)\."):
        images(tmp_path, batch_size=2, size=(6, 6), fit="pad")


def test_unreadable_files_are_named(tmp_path):
    write(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nand so on")
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"readable images; got \S*bad\.png, \S*empty\.jpg\."):
        images(tmp_path, batch_size=2)


def test_many_bad_files_are_counted(tmp_path):
    for number in range(8):
        (tmp_path / f"{number}.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"0\.png, .*4\.png, and 3 more\."):
        images(tmp_path, batch_size=2)


def test_files_of_other_channels_are_named(tmp_path):
    write(tmp_path / "a.png")
    write(tmp_path / "b.png")
    write(tmp_path / "grey.png", (5, 4, 1))
    with pytest.raises(ValueError, match=r"of 3 channels.* got \S*grey\.png \(1 channels\)"):
        images(tmp_path, batch_size=2)


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_images_with_transparency_are_refused(tmp_path, channels):
    write(tmp_path / "a.png", (5, 4, 4))
    with pytest.raises(ValueError, match=r"grey or RGB images; got \S*a\.png \(4 channels\)"):
        images(tmp_path, batch_size=2, channels=channels)


@pytest.mark.parametrize("cache", [True, False])
def test_grey_images_among_rgb_ones_become_what_channels_says(tmp_path, cache):
    grey = write(tmp_path / "a.png", (5, 4, 1))
    rgb = write(tmp_path / "b.png")
    batches, ((first, second),) = read(tmp_path, channels=3, cache=cache)
    assert batches.event_shape == (5, 4, 3)
    np.testing.assert_array_equal(first, np.repeat(grey, 3, axis=-1))
    np.testing.assert_array_equal(second, rgb)
    batches, ((first, second),) = read(tmp_path, channels=1, cache=cache)
    assert batches.event_shape == (5, 4, 1)
    np.testing.assert_array_equal(first, grey)
    np.testing.assert_allclose(second, rgb @ [[0.299], [0.587], [0.114]], atol=0.5001)


@pytest.mark.parametrize("split", ["test", "validation", "train[:50%]"])
def test_a_folder_without_splits_has_no_test_part(tmp_path, split):
    write(tmp_path / "ant" / "0.png")
    message = r"`split` must be 'train' or 'all'.* in \S+; got .*folders of it, such as 'train'"
    with pytest.raises(FileNotFoundError, match=message):
        images(tmp_path, split, batch_size=1)
    for whole in ("train", "all"):
        assert images(tmp_path, whole, batch_size=1).num_events == 1


def test_a_path_of_no_directory_is_no_name_of_a_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("./nosuch", "../nosuch", "~/nosuch", "/nosuch", "nosuch/"):
        with pytest.raises(FileNotFoundError, match=f"a directory that is there; got {path}"):
            images(path, batch_size=1)


def test_webp_is_read(tmp_path):
    # A lossless WebP of one pixel, (255, 0, 0).
    header = b"RIFF\x1c\x00\x00\x00WEBPVP8L\x0f\x00\x00\x00/\x00\x00\x00\x00\x07\x10\xfd\x8f"
    (tmp_path / "a.webp").write_bytes(header + b'\xfe\x07"\xa2\xff\x01\x00')
    assert read(tmp_path)[1][0].shape == (1, 1, 1, 3)


def test_names_what_is_no_folder_of_images(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a directory that is there; got .*nowhere"):
        images(tmp_path / "nowhere", batch_size=2)
    with pytest.raises(ValueError, match=r"must hold images \(\.bmp, .*\); got"):
        images(tmp_path, batch_size=2)
    write(tmp_path / "a.png")
    write(tmp_path / "cat" / "b.png")
    with pytest.raises(ValueError, match=r"holds both, such as a\.png and cat/b\.png"):
        images(tmp_path, batch_size=2)
