"""Are the partitions of a table spared that cannot hold what is asked for?"""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from checks.base import Measure, Stat
from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores.base import Request, StoreSettings
from monitor.stores.sql import SqlStore, open_store

DAY = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
ROWS = "SELECT 'Seen' AS event, 'web' AS source, TIMESTAMP '2026-03-03 12:00:00' AS received_at, 1 AS total"
KINDS = {
    "a date": ("CAST(received_at AS DATE)", "day >= '2026-03-02'"),
    "a text": ("strftime(received_at, '%Y-%m-%d')", "day >= '2026-03-02'"),
    "an instant": ("CAST('2026-03-03 00:00:00+00' AS TIMESTAMPTZ)", "day >= '2026-03-02 00:00:00+00:00'"),
}


def opened(folder, day: str, **changes: object) -> SqlStore:
    with duckdb.connect(str(folder / "events.duckdb")) as connection:
        connection.execute(f"CREATE TABLE events AS SELECT *, {day} AS day FROM ({ROWS})")
    return open_store(StoreSettings(url=f"duckdb:///{folder}/events.duckdb", **changes), Plan())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_bounded_by_the_day_of_the_partition_too(tmp_path, kind):
    day, condition = KINDS[kind]
    store = opened(tmp_path, day, partition="day")
    request = Request(
        (Measure(Stat.ROWS), Measure(Stat.NULLS, "Seen", "total")), DAY, DAY + dt.timedelta(days=1), "UTC"
    )
    (statement,) = store.statements(request)
    assert statement.sql.count(f"main.events.{condition}") == statement.sql.count("FROM main.events")
    assert store.measure(request).rows == 1
    store.close()


def test_the_day_of_the_partition_is_no_property(tmp_path):
    store = opened(tmp_path, KINDS["a date"][0], partition="day")
    assert store.catalog().properties("Seen") == {"total"}
    store.close()


def test_a_partition_that_no_table_has_is_a_sentence(tmp_path):
    store = opened(tmp_path, KINDS["a date"][0], partition="dt")
    with pytest.raises(StoreError, match="no table has the column dt, which `partition` names"):
        store.catalog()
    store.close()
