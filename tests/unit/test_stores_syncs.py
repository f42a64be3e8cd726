"""Is the store's own history of loads read?"""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from checks.base import Measure, Stat
from checks.plan import Plan
from monitor.errors import StoreError
from monitor.history.measures import Watermark
from monitor.reading import read, request
from monitor.stores.base import StoreSettings
from monitor.stores.fitting import unfitting
from monitor.stores.sql import open_store

NOON = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)
SYNCS = {"table": "audit.syncs", "source": "connector", "finished": "done_at"}


@pytest.fixture
def opened(tmp_path):
    """Return `opened(history, **syncs)`: a store with one message of web at 03:00, and a history of loads."""

    def build(history: str, **syncs: str):
        with duckdb.connect(str(tmp_path / "e.duckdb")) as connection:
            connection.execute("CREATE SCHEMA web_prod; CREATE SCHEMA audit")
            at = "TIMESTAMP '2026-03-03 03:00:00' AS received_at, 'a' AS id"
            connection.execute(f"CREATE TABLE web_prod.signed_up AS SELECT {at}")
            connection.execute(f"CREATE TABLE audit.syncs AS {history}")
        settings = StoreSettings(
            url=f"duckdb:///{tmp_path}/e.duckdb", layout="segment", sources={"web": "web_prod"}, syncs=SYNCS | syncs
        )
        return open_store(settings, Plan())

    return build


def load(*ends: str, status: str = "SUCCESS") -> str:
    rows = ", ".join(f"('web_prod', TIMESTAMP '2026-03-03 {end}:00', '{status}')" for end in ends)
    return f"SELECT * FROM (VALUES {rows}) t(connector, done_at, status)"


def reading(store):
    asked = request([Measure(Stat.ROWS, grain="hour")], NOON - dt.timedelta(days=1), NOON, "UTC")
    return read(store, asked, {})


def test_a_load_that_brought_nothing_is_known_to_have_ended(opened):
    mark = reading(opened(load("04:10", "11:10"))).watermarks["web"]
    assert mark.received == NOON.replace(hour=3)
    assert mark.synced == mark.newest == NOON.replace(hour=11, minute=10)


def test_it_costs_one_statement_and_counts_no_messages(opened):
    found = reading(opened(load("04:10")))
    assert (found.statements, found.rows) == (2, 1)
    assert set(found.points["event"]) == {"signed_up"}


def test_failed_loads_do_not_count_where_the_history_tells_them(opened):
    history = f"{load('04:10')} UNION ALL {load('11:10', status='FAILED')}"
    mark = reading(opened(history, status="status", succeeded="SUCCESS")).watermarks["web"]
    assert mark.synced == NOON.replace(hour=4, minute=10)


def test_a_load_of_something_else_is_no_source(opened):
    assert set(reading(opened(load("04:10").replace("web_prod", "crm"))).watermarks) == {"web"}


@pytest.mark.parametrize(
    ("syncs", "word"),
    [
        pytest.param({"table": "audit.synks"}, "audit.synks", id="table"),
        pytest.param({"finished": "ended"}, "ended", id="column"),
        pytest.param({"finished": "connector"}, "not a time", id="a column that is no time"),
    ],
)
def test_what_is_not_there_is_named(opened, syncs, word):
    with pytest.raises(StoreError, match=word):
        reading(opened(load("04:10"), **syncs))


@pytest.mark.parametrize(
    ("syncs", "said"),
    [
        pytest.param(SYNCS, [], id="enough"),
        pytest.param({"table": "a"}, ["source, finished is missing"], id="too little"),
        pytest.param({**SYNCS, "finnished": "x"}, ["there is no finnished"], id="misspelt"),
        pytest.param({**SYNCS, "status": "x"}, ["status and succeeded belong together"], id="half a condition"),
    ],
)
def test_settings_that_do_not_go_together_are_told(syncs, said):
    settings = StoreSettings(url="duckdb:///x", layout="segment", sources={"web": "w"}, syncs=syncs)
    told = [message for _, message, _ in unfitting(settings, {"syncs": syncs})]
    assert [word for word, message in zip(said, told, strict=True) if word in message] == said


def test_the_end_of_the_last_load_is_the_newest_that_is_known():
    mark = Watermark(NOON, None, NOON + dt.timedelta(hours=2))
    assert mark.newest == NOON + dt.timedelta(hours=2)
