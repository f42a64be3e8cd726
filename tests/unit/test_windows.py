from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from monitor.history.measures import Progress, Watermark
from monitor.windows import Pace, complete_until, nothing_due, read_since, to_judge

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PACE = Pace(ZoneInfo("UTC"), lateness=HOUR, history=56 * DAY, judge=7 * DAY, patience=6 * HOUR)
NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)


def at(hour: int, day: int = 2) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


def progress(until: dt.datetime) -> Progress:
    return Progress(until - 56 * DAY, until, until)


def received(*times: dt.datetime) -> list[Watermark]:
    return [Watermark(each, None) for each in times]


@pytest.mark.parametrize(
    ("marks", "complete"),
    [
        pytest.param(received(NOW), at(12), id="an hour is complete once the lateness allowance has passed"),
        pytest.param(received(at(9), NOW), at(12), id="a silent source does not hold up the others"),
        pytest.param(received(at(9)), at(8), id="a store that is not loaded yet is not judged past its newest row"),
        pytest.param(received(NOW + DAY), at(12), id="a time in the future does not make the future complete"),
        pytest.param([Watermark(NOW, at(6))], at(5), id="what was loaded counts, where the store says it"),
        pytest.param([], None, id="an empty store is never complete"),
    ],
)
def test_not_loaded_is_not_missing(marks, complete):
    assert complete_until(marks, PACE, NOW) == complete


@pytest.mark.parametrize(
    ("until", "idle"),
    [
        pytest.param(at(12), True, id="all complete hours are judged"),
        pytest.param(at(11), False, id="an hour is waiting"),
    ],
)
def test_the_store_is_asked_only_when_an_hour_may_be_complete(until, idle):
    assert nothing_due(progress(until), PACE, NOW) is idle
    assert not nothing_due(None, PACE, NOW)


def test_the_first_run_reads_the_history_and_judges_its_last_week():
    since = read_since(None, PACE, NOW)
    windows = to_judge(None, PACE, since, at(12))
    assert since == dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    assert windows[0].start == dt.datetime(2026, 2, 23, tzinfo=dt.UTC)
    assert windows[-1].end == at(12)


def test_missed_windows_are_judged_once_oldest_first_and_without_gaps():
    windows = to_judge(progress(at(20, day=1) - DAY), PACE, NOW, at(12))
    assert [(w.start, w.end) for w in windows] == [
        (at(20, day=1) - DAY, at(0, day=1)),
        (at(0, day=1), at(0)),
        (at(0), at(12)),
    ]


def test_a_later_run_reads_whole_days_again_so_that_day_measures_stay_whole():
    assert read_since(progress(at(12)), PACE, NOW) == at(0)
    assert read_since(progress(at(0)), PACE, NOW) == at(0, day=1)


def test_nothing_is_judged_twice():
    assert to_judge(progress(at(12)), PACE, NOW, at(12)) == ()
