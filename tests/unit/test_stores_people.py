"""In which form does a row say whose it is?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from checks.base import Measure, Stat
from checks.plan import Plan
from monitor.stores.base import Request, StoreSettings
from monitor.stores.sql import open_store

WEEK = (dt.datetime(2026, 2, 27, tzinfo=dt.UTC), dt.datetime(2026, 3, 6, tzinfo=dt.UTC))


def classes(folder: Path, columns: str, kind: str = "VARCHAR") -> dict[str, float]:
    with duckdb.connect(str(folder / "e.duckdb")) as connection:
        at = "TIMESTAMP '2026-03-03 12:00:00' AS received_at, 'e' AS event"
        connection.execute(f"CREATE TABLE events AS SELECT {at}, {columns.replace('VARCHAR', kind)}")
    store = open_store(StoreSettings(url=f"duckdb:///{folder}/e.duckdb"), Plan())
    measured = store.measure(Request((Measure(Stat.ROWS, by="identity"),), *WEEK, "UTC"))
    store.close()
    assert measured.failures == ()
    frame = measured.frame[measured.frame.measure == "rows.identity"]
    return dict(zip(frame.label, frame.value, strict=True))


@pytest.mark.parametrize(
    ("user", "found"),
    [
        pytest.param("ann@acme.example", "email", id="an address"),
        pytest.param("6F1AB35E-11a5-4ad9-9b7c-1c1a0a4b9f0a", "uuid", id="a UUID, in any case"),
        pytest.param("10234", "number", id="a number"),
        pytest.param("9e107d9d372bb6826bd81d3542a419d6", "hash", id="a hash"),
        pytest.param("cus_9x8", "other", id="something of one's own"),
        pytest.param("undefined", "placeholder", id="undefined"),
        pytest.param("[object Object]", "placeholder", id="an object that was printed"),
        pytest.param("00000000-0000-0000-0000-000000000000", "placeholder", id="zeros"),
        pytest.param("", "anonymous", id="an empty text, beside an anonymous id"),
        pytest.param(None, "anonymous", id="none, beside an anonymous id"),
    ],
)
def test_a_row_is_put_into_one_class_by_its_ids(tmp_path, user, found):
    said = "NULL" if user is None else f"'{user}'"
    assert classes(tmp_path, f"CAST({said} AS VARCHAR) AS user_id, 'a1' AS anonymous_id") == {found: 1.0}


def test_without_any_id_it_is_nobodys(tmp_path):
    assert classes(tmp_path, "CAST(NULL AS VARCHAR) AS user_id, CAST(NULL AS VARCHAR) AS anonymous_id") == {"nobody": 1}


def test_ids_may_be_numbers(tmp_path):
    assert classes(tmp_path, "CAST('12' AS VARCHAR) AS user_id", "BIGINT") == {"number": 1.0}


def test_a_table_that_knows_no_people_is_not_asked(tmp_path):
    assert classes(tmp_path, "1 AS x") == {}
