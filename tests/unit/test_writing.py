"""Are files of people written whole, or not at all?"""

import pytest

from monitor.errors import UsageError
from monitor.writing import write_whole


def test_a_new_file_has_the_mode_that_is_asked_for_and_an_old_one_keeps_its_own(tmp_path):
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text("old")
    old.chmod(0o640)
    write_whole({old: "a\r\n", new: "é"}, mode=0o600)
    assert (old.read_bytes(), new.read_bytes()) == (b"a\r\n", "é".encode())
    assert [file.stat().st_mode & 0o777 for file in (old, new)] == [0o640, 0o600]


def test_a_link_goes_on_to_be_one(tmp_path):
    (tmp_path / "real").mkdir()
    file, link = tmp_path / "real" / "plan.yml", tmp_path / "plan.yml"
    file.write_text("old")
    link.symlink_to(file)
    write_whole({link: "new"})
    assert link.is_symlink()
    assert file.read_text() == "new"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("missing/plan.yml", id="a folder that is not there"),
        pytest.param("folder", id="a folder in its place"),
    ],
)
def test_where_one_cannot_be_written_all_stay_as_they_were(tmp_path, bad):
    (tmp_path / "folder").mkdir()
    file = tmp_path / "trackwatch.yml"
    file.write_text("old")
    with pytest.raises(UsageError, match="cannot be written to"):
        write_whole({file: "new", tmp_path / bad: "new"})
    assert file.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "trackwatch.yml"]
