"""Are days and hours cut where the business's clock cuts them, without the database's help?"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from checks.base import Grain
from monitor.calendar import floor_day, floor_hour
from monitor.stores.buckets import WIDTH, Cut

SINCE = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/Santiago",
]
seconds = st.integers(int(SINCE.timestamp()), int(UNTIL.timestamp()) - 1)
zones = st.sampled_from(ZONES).map(ZoneInfo)


def start(cut: Cut, clock: int, grain: Grain, *, aware: bool) -> np.datetime64:
    """Do in Python what the SQL does with a second of the column's clock."""
    pieces = cut.pieces(grain, aware=aware)
    shift = next(piece.shift for piece in pieces if piece.until is None or clock < piece.until)
    return cut.starts(np.array([(clock + shift) // WIDTH[grain]]), grain)[0]


def naive(at: dt.datetime) -> np.datetime64:
    return np.datetime64(at.replace(tzinfo=None), "s")


@given(seconds, zones)
def test_every_second_lies_in_the_local_day_and_hour_of_the_calendar(second: int, zone: ZoneInfo) -> None:
    at, cut = dt.datetime.fromtimestamp(second, tz=dt.UTC), Cut(SINCE, UNTIL, zone, ZoneInfo("UTC"))
    assert start(cut, second, "day", aware=True) == naive(floor_day(at, zone))
    assert start(cut, second, "hour", aware=True) == naive(floor_hour(at, zone))


@given(seconds, zones, zones)
def test_naive_times_are_read_in_their_own_zone(second: int, zone: ZoneInfo, written: ZoneInfo) -> None:
    local = dt.datetime.fromtimestamp(second, tz=written)
    clock = int(local.replace(tzinfo=dt.UTC).timestamp())
    meant = local.replace(fold=0)  # an hour that the clock shows twice is read as its first showing
    cut = Cut(SINCE, UNTIL, zone, written)
    assert start(cut, clock, "day", aware=False) == naive(floor_day(meant.astimezone(dt.UTC), zone))


def test_a_year_of_berlin_has_three_pieces() -> None:
    cut = Cut(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), UNTIL, ZoneInfo("Europe/Berlin"), ZoneInfo("UTC"))
    assert [piece.shift for piece in cut.pieces("day", aware=True)] == [3600, 7200, 3600]
    assert [piece.shift for piece in cut.pieces("hour", aware=True)] == [0]


def test_bounds_of_naive_times_are_written_in_their_zone() -> None:
    cut = Cut(SINCE, UNTIL, ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata"))
    assert cut.bounds(aware=False)[0] == SINCE.replace(tzinfo=None) + dt.timedelta(hours=5, minutes=30)
    assert cut.bounds(aware=True) == (SINCE, UNTIL)
