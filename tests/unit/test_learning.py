from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from checks.base import Catalog
from monitor import learning
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.reading import Reading
from monitor.stores.base import COLUMNS

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = dt.datetime(2026, 3, 2, 12, 20, tzinfo=dt.UTC)
MIDNIGHT = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


def frame(*rows: tuple) -> pd.DataFrame:
    """Return points of source web: (event, label, measure, grain, bucket, value)."""
    full = [
        ("web", event, "", label, measure, grain, int(at.timestamp()), v)
        for event, label, measure, grain, at, v in rows
    ]
    return pd.DataFrame(full, columns=list(COLUMNS)).astype({"bucket": "int64", "value": "float64"})


def hours(**values: float) -> pd.DataFrame:
    """Return rows by the hour of 2 March: hours(h3=5)."""
    return frame(*[("A", "", "rows", "hour", MIDNIGHT + int(name[1:]) * HOUR, v) for name, v in values.items()])


def reading(points: pd.DataFrame, marks: pd.DataFrame, mark: Watermark) -> Reading:
    return Reading(Catalog({}), points, marks, {"web": mark}, (), 1, 0)


def loaded(*times: dt.datetime) -> pd.DataFrame:
    return frame(*[("A", "", "loaded", "hour", at, at.timestamp()) for at in times])


class TestLoads:
    def test_of_the_past_are_seen_where_the_store_tells_them(self):
        times = [NOW - n * 12 * HOUR for n in range(200, -1, -1)]
        rhythm = learning.rhythms({}, {}, reading(hours(), loaded(*times), Watermark(NOW, NOW)), NOW)["web"]
        assert len(rhythm.loads) == 56 * 2 + 1, "older ones are forgotten"
        assert rhythm.loads[-1] == NOW.timestamp()

    def test_in_one_clock_hour_are_one(self):
        minutes = [NOW - n * dt.timedelta(minutes=5) for n in range(4)]
        found = learning.rhythms({}, {}, reading(hours(), loaded(*minutes), Watermark(NOW, NOW)), NOW)
        assert found["web"].loads == (int(NOW.timestamp()),)

    def test_are_seen_when_newer_rows_are_there_where_the_store_does_not_tell(self):
        before = {"web": Watermark(NOW - HOUR, None)}
        moved = learning.rhythms({}, before, reading(hours(), loaded(), Watermark(NOW, None)), NOW)["web"]
        still = learning.rhythms({}, before, reading(hours(), loaded(), before["web"]), NOW)["web"]
        assert (moved.loads, moved.seen) == ((int(NOW.timestamp()),), int(NOW.timestamp()))
        assert (still.loads, still.seen) == ((), None)

    def test_in_the_future_are_of_a_clock_that_is_ahead(self):
        found = learning.rhythms({}, {}, reading(hours(), loaded(NOW + DAY), Watermark(NOW, NOW)), NOW)
        assert found["web"].loads == ()


class TestLateness:
    def test_is_the_share_of_rows_that_are_loaded_after_so_long(self):
        day = [("A", "0", "lags", "day", MIDNIGHT, 900.0), ("B", "3600", "lags", "day", MIDNIGHT, 100.0)]
        assert learning.lags(frame(*day)) == {"web": 3600 + int(3600 * 0.95)}

    def test_of_one_outage_is_not_learned(self):
        days = [("A", "1", "lags", "day", MIDNIGHT - n * DAY, 900.0) for n in range(9)]
        outage = ("A", "86400", "lags", "day", MIDNIGHT - 9 * DAY, 900.0)
        assert learning.lags(frame(*days, outage)) == learning.lags(frame(*days)) == {"web": 1}

    @pytest.mark.parametrize(
        ("before", "after", "judged", "late"),
        [
            pytest.param(hours(h9=5), hours(h9=5), 11, {}, id="what is as it was teaches nothing"),
            pytest.param(hours(h9=5), hours(h9=7), 11, {2: 2.0}, id="what came after its hour was judged came late"),
            pytest.param(hours(), hours(h9=7), 9, {0: 7.0}, id="what was waited for did not"),
            pytest.param(hours(h9=5), hours(h9=3), 11, {}, id="what was deleted is not counted"),
        ],
    )
    def test_without_load_times_is_what_reading_again_brings(self, before, after, judged, late):
        at = MIDNIGHT + judged * HOUR
        found = learning.arrivals(Rhythm(), "web", (before, after), Progress(MIDNIGHT - DAY, NOW, at), NOW)
        assert {hour: rows for hour, rows in enumerate(found.arrivals) if rows} == late


class TestATornLoad:
    LOADS = tuple(int((MIDNIGHT + (12 - 12 * n) * HOUR).timestamp()) for n in range(20, -1, -1))

    def torn(self, stopped: dict[str, int], rhythm: Rhythm | None = None) -> bool:
        """Say whether the load of noon is torn, where some of four events have no row from an hour on."""
        rows = [
            ("ABCD"[e], "", "rows", "hour", MIDNIGHT + h * HOUR, 50.0)
            for e in range(4)
            for h in range(-6, min(stopped.get("ABCD"[e], 12), 12))
        ]
        points = frame(*rows)
        marks = points.assign(measure="received", value=points["bucket"] + 3599.0)
        mark = Watermark(MIDNIGHT + 12 * HOUR, MIDNIGHT + 12 * HOUR)
        return bool(learning.torn({"web": rhythm or Rhythm(self.LOADS)}, reading(points, marks, mark)))

    def test_left_out_tables_that_had_rows_up_to_the_load_before(self):
        assert self.torn({"A": 0, "B": 0})

    def test_is_not_one_event_that_stopped(self):
        assert not self.torn({"A": 0})

    def test_is_not_several_that_stopped_between_two_loads(self):
        assert not self.torn({"A": 5, "B": 5})

    def test_is_not_a_source_that_fell_silent(self):
        assert not self.torn(dict.fromkeys("ABCD", 0))

    def test_is_not_looked_for_where_loads_come_all_the_time(self):
        assert not self.torn({"A": 0, "B": 0}, Rhythm(tuple(self.LOADS[-1] - 3600 * n for n in range(20, -1, -1))))
