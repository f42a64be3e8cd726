"""Does a local time come once on each day of the year, whatever the clocks do?"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from monitor.timetable import GRACE, Timetable

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago", "Africa/Cairo", "UTC"]
NEW_YEAR = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3])
def test_a_time_of_day_comes_once_a_day_where_clocks_go_forward_and_back(zone, hour):
    timetable, at, days = Timetable(cron=f"30 {hour} * * *", zone=zone), NEW_YEAR, []
    for _ in range(365):
        at = timetable.after(at)
        days.append(at.astimezone(ZoneInfo(zone)).date())
    assert [(later - day).days for day, later in pairwise(days)] == [1] * 364


@pytest.mark.parametrize("zone", ZONES)
def test_every_hour_is_every_hour(zone):
    timetable, at = Timetable(cron="5 * * * *", zone=zone), NEW_YEAR
    for _ in range(24 * 366):
        later = timetable.after(at)
        assert later - at <= dt.timedelta(hours=1, minutes=5)
        at = later


def test_an_evaluation_is_late_when_the_next_one_should_have_ended():
    table = Timetable(dt.timedelta(hours=1), jitter=dt.timedelta(minutes=1))
    assert table.late_after(NEW_YEAR) == NEW_YEAR + dt.timedelta(hours=1, minutes=1) + GRACE


def test_monday_is_one():
    assert Timetable(cron="0 9 * * 1").after(NEW_YEAR).strftime("%a") == "Mon"
