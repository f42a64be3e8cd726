from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.calendar import Exclusion, Weekly, floor_day, floor_hour, midnights, spine

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param("2026-03-28", 24, id="an ordinary day has 24 hours"),
        pytest.param("2026-03-29", 23, id="the day on which the clock goes forward has 23"),
        pytest.param("2026-10-25", 25, id="the day on which it goes back has 25"),
    ],
)
def test_a_local_day_has_the_hours_that_people_lived(day, hours):
    start = floor_day(utc(f"{day}T12:00"), BERLIN)
    (end,) = midnights(start, start + dt.timedelta(hours=27), BERLIN)
    calendar = spine("hour", start, end, BERLIN)
    assert len(calendar) == hours
    assert set(calendar.day) == {0}


def test_days_are_cut_at_local_midnight_through_a_clock_change():
    calendar = spine("day", utc("2026-03-28T23:00"), utc("2026-03-31T22:00"), BERLIN)
    expected = ["2026-03-28T23", "2026-03-29T22", "2026-03-30T22", "2026-03-31T22"]
    assert calendar.starts.astype("datetime64[h]").astype(str).tolist() == expected
    assert calendar.slot.tolist() == [6, 0, 1]


def test_hours_of_a_half_hour_zone_begin_at_half_past():
    assert floor_hour(utc("2026-01-01T10:45"), KOLKATA) == utc("2026-01-01T10:30")
    calendar = spine("hour", utc("2026-01-01T00:00"), utc("2026-01-01T10:45"), KOLKATA)
    assert calendar.starts[-1] == np.datetime64("2026-01-01T10:30:00")
    assert calendar.slot[0] == 3 * 24  # a Thursday begins


def test_an_unfinished_bucket_is_not_on_the_spine():
    assert len(spine("hour", utc("2026-01-01T00:00"), utc("2026-01-01T02:59"), ZoneInfo("UTC"))) == 2


def test_every_bucket_that_touches_an_exclusion_is_excluded():
    closed = Exclusion(utc("2026-01-01T01:30"), utc("2026-01-01T03:00"), "maintenance")
    calendar = spine("hour", utc("2026-01-01T00:00"), utc("2026-01-01T05:00"), ZoneInfo("UTC"), [closed])
    assert calendar.holiday.tolist() == [False, True, True, False, False]


def test_the_same_local_hours_of_every_week_are_left_out_also_when_clocks_change():
    nights = Weekly(frozenset({6}), dt.time(1), dt.time(4), "load", BERLIN)
    since, until = (dt.datetime(2026, 3, day, tzinfo=BERLIN).astimezone(dt.UTC) for day in (16, 30))
    calendar = spine("hour", since, until, BERLIN, [nights])
    assert np.bincount(calendar.day[calendar.holiday]).tolist() == [0] * 6 + [3] + [0] * 6 + [2]
