"""Is every way in which people write times read as the same instant?"""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stores.files.sample import Sample
from monitor.stores.files.text import listed, literal, quoted, time

INSTANT = dt.datetime(2026, 3, 1, 6, 0, 0)  # noqa: DTZ001 the engine gives UTC without zone


def read(text: str, zone: str = "UTC") -> dt.datetime | None:
    expression = time(literal(text), Sample([{"t": text}]), "t")
    with duckdb.connect() as con:
        con.execute(f"SET TimeZone = '{zone}'")
        (found,) = con.execute(f"SELECT {expression}").fetchone() or (None,)
    return found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-03-01T06:00:00Z", id="ISO 8601 in UTC"),
        pytest.param("2026-03-01T06:00:00.000Z", id="with milliseconds"),
        pytest.param("2026-03-01 06:00:00", id="without a zone"),
        pytest.param("2026-03-01 06:00", id="without seconds"),
        pytest.param("2026-03-01T11:30:00+05:30", id="with an offset"),
        pytest.param("2026-03-01 01:00:00-05", id="with a short offset"),
        pytest.param("2026-03-01 06:00:00 UTC", id="with the name of the zone"),
        pytest.param("1772344800", id="seconds since 1970"),
        pytest.param("1772344800000", id="milliseconds"),
        pytest.param("1772344800000000", id="microseconds"),
        pytest.param("1772344800.0", id="seconds with a fraction"),
        pytest.param("3/1/2026 06:00", id="month, day, year"),
        pytest.param("01.03.2026 06:00:00", id="day.month.year"),
    ],
)
def test_a_time_is_read_when_written_as(text: str):
    assert read(text) == INSTANT


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-30T00:00:00Z", "infinity", "99999-01-01", "0001-01-01", "42"],
)
def test_what_is_no_time_is_null(text: str):
    assert read(text) is None


def test_a_time_without_zone_is_local_where_the_store_says_so():
    assert read("2026-03-01 07:00:00", "Europe/Berlin") == INSTANT


def test_a_time_with_zone_is_not_shifted_by_the_store():
    assert read("2026-03-01T06:00:00Z", "Europe/Berlin") == INSTANT


def test_a_day_above_twelve_tells_the_order():
    sample = Sample([{"t": "13/02/2026"}, {"t": "01/03/2026"}])
    with duckdb.connect() as con:
        (found,) = con.execute(f"SELECT {time(literal('01/03/2026'), sample, 't')}").fetchone() or (None,)
    assert found == dt.datetime(2026, 3, 1)  # noqa: DTZ001


@given(st.text())
def test_any_text_survives_being_a_literal(text: str):
    assert literal(text)[1:-1].replace("''", "'") == text
    assert quoted(text)[1:-1].replace('""', '"') == text


def test_a_list_holds_its_texts():
    texts = ["a", "it's"]
    with duckdb.connect() as con:
        assert con.execute(f"SELECT {listed(texts)}").fetchall() == [(texts,)]
