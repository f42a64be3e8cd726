"""Can a run read files as it reads a database?"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pytest

from checks.base import Measure, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.errors import StoreError, UsageError
from monitor.stores.base import Request, StoreSettings
from monitor.stores.files.store import FilesStore, open_files

DAY = Request((Measure(Stat.ROWS),), *(dt.datetime(2026, 3, d, tzinfo=dt.UTC) for d in (1, 2)), "UTC")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text("InvoiceDate,CustomerID\n2026-03-01 00:30:00,1\n2026-03-01 23:30:00,2\n")
    return tmp_path / "orders.csv"


def opened(path: Path, **changes: object) -> FilesStore:
    columns = {"event": "=Order Line Added", "received_at": "InvoiceDate"}
    return open_files(StoreSettings(url=f"files://{path}", columns=columns, **changes), Plan())  # type: ignore[arg-type]


def test_files_are_a_store_with_their_columns_mapped(orders: Path):
    store = opened(orders)
    measured = store.measure(DAY)
    assert set(store.catalog().events) == {"Order Line Added"}
    assert measured.rows == 2
    store.close()


def test_times_without_a_zone_mean_the_zone_of_the_store(orders: Path):
    store = opened(orders, naive_zone="America/New_York")
    assert store.measure(DAY).rows == 1  # the other one is on the next day, in UTC
    store.close()


def test_a_closed_store_leaves_nothing_behind(orders: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = orders.parent / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    store = opened(orders)
    assert list(elsewhere.iterdir())
    store.close()
    assert not list(elsewhere.iterdir())


def test_the_statement_can_be_read(orders: Path):
    store = opened(orders)
    (statement,) = store.statements(DAY)
    assert "SELECT" in statement.sql
    store.close()


def test_a_column_with_the_name_of_a_time_but_without_times_is_a_property(tmp_path: Path):
    (tmp_path / "a.csv").write_text("event,InvoiceDate,loaded_at,sent_at\na,2026-03-01,n/a,x\n")
    store = opened(tmp_path / "a.csv")
    assert store.catalog().properties("Order Line Added") >= {"loaded_at", "sent_at"}
    assert store.measure(DAY).failures == ()
    store.close()


def test_a_path_that_is_not_there_is_a_mistake(tmp_path: Path):
    with pytest.raises(UsageError, match="no such file"):
        opened(tmp_path / "nowhere.csv")


def test_a_url_of_no_files_is_an_error():
    with pytest.raises(StoreError, match="files:///"):
        open_files(StoreSettings(url="duckdb:///x"), Plan())


def test_a_mapped_column_that_the_plan_promises_is_a_property_too(orders: Path):
    promised = PlannedEvent(name="Order Line Added", properties={"CustomerID": PlannedProperty(name="CustomerID")})
    columns = {"event": "=Order Line Added", "received_at": "InvoiceDate", "user_id": "CustomerID"}
    settings = StoreSettings(url=f"files://{orders}", columns=columns)
    store = open_files(settings, Plan(events={promised.name: promised}))
    assert store.catalog().properties("Order Line Added") == {"CustomerID"}
    store.close()
