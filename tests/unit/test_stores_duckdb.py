"""Does a DuckDB store keep to its share of memory, and leave nothing behind on disk?"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from monitor.stores.base import StoreSettings
from monitor.stores.connect import engine

LARGE = "SELECT count(*) FROM (SELECT DISTINCT hash(range), hash(range + 1) FROM range(1000000))"  # some 30 MiB


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Return the URL of a file in a folder in which nothing may be left or made."""
    duckdb.connect(str(tmp_path / "events.duckdb")).close()
    yield f"duckdb:///{tmp_path}/events.duckdb"
    assert [path.name for path in tmp_path.iterdir()] == ["events.duckdb"]


def setting(connection: sa.Connection, name: str) -> str:
    return str(connection.execute(sa.text(f"SELECT current_setting('{name}')")).scalar_one())


def test_it_takes_a_share_of_memory_whatever_the_machine_has(url: str) -> None:
    with engine(StoreSettings(url=url)).connect() as connection:
        assert setting(connection, "memory_limit") == "1.0 GiB"


def test_what_the_url_says_wins(url: str, tmp_path: Path) -> None:
    said = f"{url}?memory_limit=3GiB&temp_directory={tmp_path}/elsewhere"
    with engine(StoreSettings(url=said)).connect() as connection:
        assert setting(connection, "memory_limit") == "3.0 GiB"
        assert setting(connection, "temp_directory") == f"{tmp_path}/elsewhere"


def test_what_does_not_fit_goes_to_a_folder_of_ones_own_until_the_store_is_closed(url: str) -> None:
    made = engine(StoreSettings(url=f"{url}?memory_limit=24MiB&threads=2"))
    with made.connect() as connection:
        folder = Path(setting(connection, "temp_directory"))
        assert connection.execute(sa.text(LARGE)).scalar_one() == 1_000_000
        assert folder.is_dir()
        assert stat.S_IMODE(folder.parent.stat().st_mode) == stat.S_IRWXU
    made.dispose()
    assert not folder.exists()


def test_two_engines_may_have_a_file_open_and_two_files_do_not_share_a_folder(url: str, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    other = engine(StoreSettings(url=f"duckdb:///{tmp_path}/other.duckdb"))
    first, second = engine(StoreSettings(url=url)), engine(StoreSettings(url=url))
    with first.connect() as one, second.connect() as two, other.connect() as three:
        folders = [setting(connection, "temp_directory") for connection in (one, two, three)]
    assert folders[0] == folders[1] != folders[2]
    for made in (first, second, other):
        made.dispose()
    (tmp_path / "other.duckdb").unlink()
