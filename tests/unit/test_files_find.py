"""Which files do paths mean, and which event does a file's name stand for?"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.stores.files.find import event_name, find


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.json.gz", "a.csv", "deep/c.parquet", "README.md", "_SUCCESS", ".hidden.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_a_folder_means_its_data_files_in_order_however_deep(folder: Path):
    found = find([str(folder)])
    assert names(found.files) == ["a.csv", "b.json.gz", "c.parquet"]


def test_other_files_of_a_folder_are_passed_over_and_told(folder: Path):
    assert names(find([str(folder)]).passed_over) == ["README.md"]


def test_a_glob_means_what_matches(folder: Path):
    assert names(find([str(folder / "**" / "*.parquet")]).files) == ["c.parquet"]


def test_a_file_that_is_named_is_read_whatever_its_suffix(folder: Path):
    assert names(find([str(folder / "README.md")]).files) == ["README.md"]


def test_a_file_that_is_named_twice_is_read_once(folder: Path):
    assert names(find([str(folder / "a.csv"), str(folder)]).files).count("a.csv") == 1


def test_brackets_in_a_name_are_no_glob(tmp_path: Path):
    (tmp_path / "a[1].csv").touch()
    assert names(find([str(tmp_path / "a[1].csv")]).files) == ["a[1].csv"]


@pytest.mark.parametrize("path", ["nowhere.csv", "*.csv", "nowhere/*"])
def test_a_path_that_means_nothing_is_a_mistake(path: str, tmp_path: Path):
    with pytest.raises(UsageError, match="no such file or folder"):
        find([str(tmp_path / path)])


@pytest.mark.parametrize(
    ("path", "event"),
    [
        pytest.param("page_views.csv", "page_views", id="the name of the file"),
        pytest.param("orders/2026-03-01.csv.gz", "orders", id="the folder, where the file is called after its day"),
        pytest.param("orders/part-00017-0a1b2c3d4e.snappy.parquet", "orders", id="the folder of numbered parts"),
        pytest.param("orders_2026-03.csv", "orders", id="the name without its date"),
    ],
)
def test_a_file_without_an_event_column_stands_for(path: str, event: str):
    assert event_name(Path(path)) == event
