"""Are only those files opened that may hold what is asked for?"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from checks.base import EVERY, Measure, Stat
from checks.plan import Plan, PlannedEvent
from monitor.errors import StoreError
from monitor.stores.base import Request, StoreSettings
from monitor.stores.files.partitions import constants, stretch
from monitor.stores.files.places import LocalPlace, files, partitioned
from monitor.stores.files.store import FilesStore, open_files

FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
ASKED = (Measure(Stat.ROWS), Measure(Stat.IDS), Measure(Stat.NULLS, property=EVERY))
GARBAGE = b"this is no file of events"


def asked(since: dt.datetime, until: dt.datetime) -> Request:
    return Request(ASKED, since, until, "UTC")


@pytest.fixture
def opened() -> Iterator[Callable[..., FilesStore]]:
    stores: list[FilesStore] = []

    def open_(path: Path, **changes: object) -> FilesStore:
        stores.append(open_files(StoreSettings(url=f"files://{path}", layout="files", **changes), Plan()))  # type: ignore[arg-type]
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


def archive(root: Path, days: int, source: str = "8fj2ks") -> Path:
    """Write a Segment archive with an event an hour."""
    for day in range(days):
        start = FIRST + day * DAY
        folder = root / "segment-logs" / source / str(int(start.timestamp()) * 1000)
        folder.mkdir(parents=True)
        lines = [
            {
                "messageId": f"m{day}-{hour}",
                "type": "track",
                "event": "Order Completed",
                "channel": "server",
                "userId": "u1",
                "receivedAt": (start + hour * HOUR).isoformat(),
                "properties": {"total": hour},
            }
            for hour in range(24)
        ]
        (folder / "1.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    return root / "segment-logs"


def lake(root: Path, days: int, columns: str = "", path: str = "data/web/segment_type=order_completed") -> Path:
    """Write a data lake with a file of two events for each hour."""
    with duckdb.connect() as con:
        for hour in range(24 * days):
            at = FIRST + hour * HOUR
            folder = root / path / f"day={at:%Y-%m-%d}" / f"hr={at:%H}"
            folder.mkdir(parents=True)
            con.execute(
                f"COPY (SELECT 'id{hour}-' || i AS id, TIMESTAMPTZ '{at.isoformat()}' + i * INTERVAL 10 MINUTE AS "
                f"received_at, CASE WHEN i = 0 THEN 5 END AS total {columns} FROM range(2) t(i)) "
                f"TO '{folder}/part-00000-abcdef0123.snappy.parquet' (FORMAT parquet)"
            )
    return root


def spoil(root: Path, wanted: Callable[[Path], bool]) -> int:
    """Make garbage of files, so that opening one is an error; return how many are left whole."""
    found = [file for file in root.rglob("*") if file.is_file()]
    for file in found:
        if not wanted(file):
            file.write_bytes(GARBAGE)
    return sum(wanted(file) for file in found)


@pytest.mark.parametrize(
    ("folders", "start", "hours"),
    [
        (["day=2026-03-01"], FIRST, 24),
        (["day=2026-03-01", "hr=13"], FIRST + 13 * HOUR, 1),
        (["dt=20260301"], FIRST, 24),
        (["year=2026", "month=3", "day=1", "hour=5"], FIRST + 5 * HOUR, 1),
        (["2026", "03", "01", "23"], FIRST + 23 * HOUR, 1),
        (["2026-03-01"], FIRST, 24),
        (["hour=2026-03-01-07"], FIRST + 7 * HOUR, 1),
        (["segment-logs", "web", "1772323200000"], FIRST, 24),
        (["year=2026", "month=03"], FIRST, 24 * 31),
    ],
    ids=lambda value: "/".join(value) if isinstance(value, list) else "",
)
def test_folders_say_which_time_they_are_of(folders: list[str], start: dt.datetime, hours: int) -> None:
    found = stretch(folders)
    assert found is not None
    assert (found.start, found.end - found.start) == (start, hours * HOUR)


@pytest.mark.parametrize(
    "folders", [["orders"], ["country=DE"], ["day=2026-13-45"], ["1772323200001"], ["2026x"], ["42"]]
)
def test_other_folders_say_nothing_of_time(folders: list[str]) -> None:
    assert stretch(folders) is None


def test_a_folder_may_hold_what_was_received_shortly_before_it_begins() -> None:
    found = stretch(["day=2026-03-02"])
    assert found is not None
    assert found.may_hold(FIRST + 22.5 * HOUR, FIRST + 23 * HOUR)
    assert not found.may_hold(FIRST + 20 * HOUR, FIRST + 21 * HOUR)
    assert not found.may_hold(FIRST + 2 * DAY, FIRST + 3 * DAY)


def test_keys_that_are_no_times_are_columns() -> None:
    assert constants(["country=DE", "day=2026-03-01", "hr=1"]) == {"country": "DE"}


def test_folders_of_other_times_are_not_even_listed(tmp_path: Path) -> None:
    class Watched(LocalPlace):
        seen = 0

        def listed(self, folders):
            self.seen += 1
            return super().listed(folders)

    place = Watched(lake(tmp_path, days=10))
    found = list(files(place, (FIRST + 4 * DAY, FIRST + 5 * DAY)))
    assert len(found) == 24 + 2  # and of the two hours after
    assert place.seen == 4 + 2 + 26  # the way down, two days, their hours
    assert partitioned(place)


def test_of_an_archive_only_the_days_of_the_window_are_opened(tmp_path: Path, opened) -> None:
    root = archive(tmp_path, days=30)
    window = (FIRST + 10 * DAY, FIRST + 11 * DAY)
    days = {str(int((window[0] + n * DAY).timestamp()) * 1000) for n in (0, 1)}
    assert spoil(root, lambda file: file.parent.name in days) == 2
    store = opened(root, sources={"server": "8fj2ks"})
    assert dict(store.catalog(window).events) == {"Order Completed": {"server"}}
    measured = store.measure(asked(*window))
    assert (measured.rows, measured.failures) == (24, ())


def test_of_a_lake_only_the_hours_of_the_window_are_opened(tmp_path: Path, opened) -> None:
    root = lake(tmp_path, days=10)
    hours = {f"{FIRST + 5 * DAY + n * HOUR:%Y-%m-%d %H}" for n in range(5)}
    kept = spoil(root, lambda file: f"{file.parts[-3][4:]} {file.parts[-2][3:]}" in hours)
    assert kept == 5
    window = (FIRST + 5 * DAY, FIRST + 5 * DAY + 3 * HOUR)
    store = opened(root)
    assert dict(store.catalog(window).events) == {"order_completed": {"web"}}
    measured = store.measure(asked(*window))
    assert (measured.rows, measured.failures) == (6, ())
    nulls = measured.frame[(measured.frame.measure == "nulls") & (measured.frame.property == "total")]
    assert nulls.value.sum() == 3


def test_a_lake_is_read_where_it_lies(tmp_path: Path, opened) -> None:
    (statement,) = opened(lake(tmp_path, days=1)).statements(asked(FIRST, FIRST + DAY))
    assert "received_at" in statement.sql


def test_a_damaged_file_of_the_window_is_a_failure_and_the_rest_is_read(tmp_path: Path, opened) -> None:
    root = lake(tmp_path, days=1)
    spoil(root, lambda file: file.parts[-2] != "hr=07")
    measured = opened(root).measure(asked(FIRST, FIRST + DAY))
    assert measured.rows == 46
    (failure,) = measured.failures
    assert "hr=07" in failure.table
    assert failure.reason == "is no whole Parquet file"


def test_a_damaged_file_of_an_archive_is_named_below_the_root(tmp_path: Path, opened) -> None:
    root = archive(tmp_path, days=2)
    spoil(root, lambda file: file.parent.name.endswith("3200000"))
    measured = opened(root).measure(asked(FIRST, FIRST + 2 * DAY))
    assert measured.rows == 24
    assert [failure.table for failure in measured.failures] == ["8fj2ks/1772409600000/1.gz"]


def test_a_lake_of_which_nothing_can_be_read_is_an_error(tmp_path: Path, opened) -> None:
    root = lake(tmp_path, days=1)
    spoil(root, lambda _: False)
    with pytest.raises(StoreError, match="is no whole Parquet file"):
        opened(root).measure(asked(FIRST, FIRST + DAY))


@pytest.mark.parametrize("make", [archive, lake])
def test_a_window_without_files_has_no_rows(make, tmp_path: Path, opened) -> None:
    store = opened(make(tmp_path, days=1))
    measured = store.measure(asked(FIRST + 9 * DAY, FIRST + 10 * DAY))
    assert (measured.rows, measured.failures) == (0, ())


@pytest.mark.parametrize(
    ("planned", "event"),
    [
        ([], "Page Viewed"),
        ([PlannedEvent(name="page")], "page"),
        ([PlannedEvent(name="Loaded a Page", call="page")], "Loaded a Page"),
        ([PlannedEvent(name="Home", call="page"), PlannedEvent(name="Pricing", call="page")], "Page Viewed"),
    ],
    ids=["without a plan", "by its own name", "by its call", "several page calls cannot be told apart"],
)
def test_a_page_call_is_what_the_plan_calls_it(planned: list[PlannedEvent], event: str, tmp_path: Path) -> None:
    line = {"messageId": "m", "type": "page", "receivedAt": FIRST.isoformat(), "properties": {"url": "https://a"}}
    (tmp_path / "pages.ndjson").write_text(json.dumps(line))
    settings = StoreSettings(url=f"files://{tmp_path}", layout="files")
    store = open_files(settings, Plan(events={each.name: each for each in planned}))
    assert set(store.catalog().events) == {event}
    store.close()


def test_another_window_opens_its_own_files(tmp_path: Path, opened) -> None:
    store = opened(archive(tmp_path, days=5))
    assert [store.measure(asked(FIRST + n * DAY, FIRST + (n + 1) * DAY)).rows for n in (3, 0, 1)] == [24, 24, 24]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (", epoch_ms(received_at) AS ts", "ts"),
        (", epoch(received_at)::BIGINT AS ts", "ts"),
        (", strftime(received_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS ts", "ts"),
    ],
    ids=["milliseconds", "seconds", "text"],
)
def test_times_of_a_lake_may_be_numbers_or_text(columns: str, rows: str, tmp_path: Path, opened) -> None:
    store = opened(lake(tmp_path, days=1, columns=columns), columns={"received_at": rows})
    assert store.measure(asked(FIRST, FIRST + 3 * HOUR)).rows == 6


def test_what_folders_say_is_a_column_and_a_file_that_names_no_event_is_called_by_its_folder(
    tmp_path: Path, opened
) -> None:
    root = lake(lake(tmp_path, days=1, path="orders/country=DE"), days=1, path="orders/country=FR")
    store = opened(root, columns={"source": "country"})
    catalog = store.catalog((FIRST, FIRST + DAY))
    assert dict(catalog.events) == {"orders": {"DE", "FR"}}
