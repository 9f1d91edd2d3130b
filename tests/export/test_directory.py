"""An exported directory is there whole or not at all."""

import os
import resource

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import export
from tfp_flows.distributions import standard_normal

FLOW = standard_normal((2,))


def _files(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.fixture
def small_files():
    """No file may be as large as a SavedModel's, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_version_is_written_with_its_parents_and_nothing_beside_it(tmp_path):
    export.save(FLOW, tmp_path / "model" / "1")
    assert os.listdir(tmp_path / "model") == ["1"]
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "model" / "1").stat().st_mode & 0o777 == 0o777 & ~umask


def test_a_full_disk_leaves_nothing(tmp_path, small_files):
    with pytest.raises(
        OSError, match=r"`path` must be .* can be written; got .*/1: File too large"
    ):
        export.save(FLOW, tmp_path / "1")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_what_was_there(tmp_path, request):
    export.save(FLOW, tmp_path / "1")
    before = _files(tmp_path)
    request.getfixturevalue("small_files")
    with pytest.raises(OSError, match="File too large"):
        export.save(FLOW, tmp_path / "1")
    assert _files(tmp_path) == before


def test_a_rename_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    export.save(FLOW, tmp_path / "1")
    before, rename = _files(tmp_path), os.rename

    def fail(source, target):
        if target == str(tmp_path / "1") and os.path.exists(f"{source}/saved_model.pb"):
            monkeypatch.undo()
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(PermissionError, match=r"can be written; got .*/1: Permission denied"):
        export.save(FLOW, tmp_path / "1")
    assert _files(tmp_path) == before


def test_a_parent_that_cannot_be_written_is_refused_before_anything_is_traced(
    tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match=r"can be written; got .*file/1: Not a directory"):
        export.save(FLOW, tmp_path / "file" / "1")

    def read_only(*args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", read_only)
    monkeypatch.setattr(tf.saved_model, "save", None)
    with pytest.raises(OSError, match=r"can be written; got .*/1: Read-only file system"):
        export.save(FLOW, tmp_path / "1")
    assert os.listdir(tmp_path) == ["file"]


def test_only_a_saved_model_is_replaced(tmp_path):
    path = tmp_path / "1"
    export.save(FLOW, path)
    (tmp_path / "link").symlink_to(path)
    wider = standard_normal((3,))
    export.save(wider, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert tf.saved_model.load(str(path)).log_prob(np.zeros([1, 3])).shape == 1
    assert sorted(os.listdir(tmp_path)) == ["1", "link"]
    (path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"where there is a directory with \['notes.txt'\]"):
        export.save(FLOW, path)
    with pytest.raises(FileExistsError, match="where there is a file"):
        export.save(FLOW, path / "notes.txt")
    with pytest.raises(FileExistsError, match=r"a directory with \['1', 'link'\]"):
        export.save(FLOW, tmp_path)


def test_an_address_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match=r"`path` must be a local directory.*; got 'gs://bucket/1'"
    ):
        export.save(FLOW, "gs://bucket/1")
    assert os.listdir(tmp_path) == []
