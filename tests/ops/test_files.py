"""Files that are there whole, or as they were."""

import pytest

from tfp_flows.ops.files import written_beside


def test_a_file_gives_way_to_the_new_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with written_beside(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
        assert beside.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["file", "nothing"])
def test_what_fails_leaves_nothing(tmp_path, kind):
    path = tmp_path / "a"
    path.write_text("old")

    def write():
        with written_beside(path) as beside:
            if kind == "file":
                beside.write_text("half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
