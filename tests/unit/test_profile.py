from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from checks.base import EVERY, Bucket, Catalog, Field, Key
from monitor.profile import Measurements, Stretch
from monitor.stores.base import COLUMNS

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def at(hour: int) -> dt.datetime:
    return START + hour * HOUR


def measurements(*rows, days: int = 10, fields=()) -> Measurements:
    """Return measurements of points (source, event, property, measure, grain, hour, value)."""
    points = pd.DataFrame([(*r[:3], "", *r[3:5], int(at(r[5]).timestamp()), r[6]) for r in rows], columns=list(COLUMNS))
    catalog = Catalog({"A": frozenset({"web", "ios"})}, tuple(fields))
    return Measurements(points, catalog, since=START, until=START + days * DAY, zone=ZoneInfo("UTC"))


def rows(source: str, hour: int, value: float = 5.0):
    return (source, "A", "", "rows", "hour", hour, value)


def window(start: int, end: int) -> Bucket:
    return Bucket(at(start), at(end))


def test_a_bucket_without_rows_is_a_zero_from_the_first_one_on_and_unknown_before():
    table = measurements(rows("web", 2), rows("web", 5)).profile(window(0, 8)).table("rows", "hour")
    assert table.keys == (Key("A", "web"),)
    assert np.array_equal(table.values[0], [np.nan, np.nan, 5, 0, 0, 5, 0, 0], equal_nan=True)


def test_an_event_of_several_sources_has_a_series_over_all_of_them():
    table = measurements(rows("web", 0, 5), rows("ios", 1, 2)).profile(window(0, 3)).table("rows", "hour")
    total = table.values[table.keys.index(Key("A"))]
    assert total.tolist() == [5, 2, 0]


def test_nothing_after_the_window_is_seen():
    everything = measurements(rows("web", 0), rows("ios", 30))
    early = everything.profile(window(0, 24))
    assert early.table("rows", "hour").values.shape[1] == 24
    assert early.first_seen("A", "ios") is None
    assert everything.profile(window(24, 48)).first_seen("A", "ios") == at(30)


def test_judging_by_the_hour_cuts_the_past_where_judging_by_the_day_does():
    everything = measurements(rows("web", 0))
    assert everything.profile(window(24, 48)).table("rows", "hour").cut == 24
    assert everything.profile(window(40, 41)).table("rows", "hour").cut == 24


def test_a_property_that_the_store_has_is_a_zero_where_nothing_was_counted():
    fields = [Field("A", "web", "total", "number")]
    everything = measurements(rows("web", 0), ("web", "A", "total", "nulls", "day", 24, 3.0), fields=fields)
    table = everything.profile(window(0, 72)).table("nulls", "day", EVERY)
    assert table.keys == (Key("A", "web", "total"),)
    assert table.values[0].tolist() == [0, 3, 0]


def test_a_fingerprint_is_unknown_where_there_was_no_value():
    everything = measurements(rows("web", 0), ("web", "A", "total", "fingerprint", "day", 24, -1.0))
    values = everything.profile(window(0, 72)).table("fingerprint", "day", "total").values[0]
    assert np.array_equal(values, [np.nan, -1, np.nan], equal_nan=True)


class TestWhatIsNotLearnedFrom:
    EVERYTHING = staticmethod(lambda: measurements(*(rows(s, h) for s in ("web", "ios") for h in range(48))))

    def usable(self, *stretches: Stretch) -> dict[str, list[int]]:
        """Return the unusable hours of the first day, by series."""
        table = self.EVERYTHING().profile(window(24, 48), stretches).table("rows", "hour")
        return {str(k): np.flatnonzero(~table.usable[i, :24]).tolist() for i, k in enumerate(table.keys)}

    def test_an_incident_spoils_its_source_and_the_total(self):
        assert self.usable(Stretch(at(3), at(5), "A", "ios")) == {"A on ios": [3, 4], "A on web": [], "A": [3, 4]}

    @pytest.mark.parametrize(
        "stretch",
        [
            pytest.param(Stretch(at(3), at(5), "A", "ios", "total"), id="of a property"),
            pytest.param(Stretch(at(3), at(5), "A", "ios", volume=False), id="of a share of the messages"),
        ],
    )
    def test_what_says_nothing_about_volumes_spoils_none(self, stretch):
        assert self.usable(stretch)["A on ios"] == []

    @pytest.mark.parametrize(
        ("hours", "unknown"),
        [
            pytest.param(2, [3, 4], id="what is over is closed: no later window sees it"),
            pytest.param(20, [], id="what takes more than a fifth of the past is how it is"),
        ],
    )
    def test_an_ended_incident(self, hours, unknown):
        stretch = Stretch(at(3), at(3 + hours), "A", "ios", over=True)
        table = self.EVERYTHING().profile(window(24, 48), (stretch,)).table("rows", "hour")
        ios = table.values[table.keys.index(Key("A", "ios"))]
        assert np.flatnonzero(np.isnan(ios)).tolist() == unknown
