from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from checks.base import Bucket
from monitor.gate import Gate, Patience, Source, State
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.windows import CHUNK, Pace, Plan, nothing_due, past, progressed, reached, to_judge, to_read

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
PACE = Pace(UTC, history=56 * DAY, judge=7 * DAY, patience=Patience(HOUR))
NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)


def at(hour: int, day: int = 2) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


def progress(until: dt.datetime, measured: dt.datetime | None = None, **behind: dt.datetime) -> Progress:
    return Progress(until - 56 * DAY, measured or until, until, behind)


def streaming(newest: dt.datetime = NOW - HOUR) -> Source:
    return Source(Watermark(newest, None), Rhythm(seen=int(newest.timestamp())))


def every(hours: int, newest: dt.datetime) -> Source:
    """Return a source that is loaded every so many hours, last at `newest`."""
    loads = tuple(int((newest - i * hours * HOUR).timestamp()) for i in reversed(range(60)))
    return Source(Watermark(newest, newest), Rhythm(loads, seen=loads[-1], lag=hours * 3600 + 300))


@pytest.mark.parametrize(
    ("until", "sources", "idle"),
    [
        pytest.param(at(12), {"web": streaming()}, True, id="all complete hours are judged"),
        pytest.param(at(11), {"web": streaming()}, False, id="an hour is waiting"),
        pytest.param(at(12), {"web": streaming(at(5))}, False, id="what is late is looked for"),
        pytest.param(
            at(0), {"web": every(24, at(0))}, True, id="a store that is loaded once a day is asked once a day"
        ),
        pytest.param(at(12), {}, False, id="a store that was empty may have been filled"),
    ],
)
def test_the_store_is_asked_only_when_an_hour_may_be_complete(until, sources, idle):
    assert nothing_due(progress(until, measured=NOW), sources, PACE, NOW) is idle
    assert not nothing_due(None, sources, PACE, NOW)


class TestTheFirstReadingOfThePast:
    def test_goes_in_chunks_from_midnight_to_midnight(self):
        cuts = past(None, PACE, NOW)
        assert cuts[0] == at(0, 2) - 56 * DAY
        assert [b - a for a, b in pairwise(cuts)] == [CHUNK] * 3
        assert NOW - CHUNK - DAY <= cuts[-1] < NOW

    def test_goes_on_where_it_was_killed(self):
        cuts = past(None, PACE, NOW)
        assert past(Progress(cuts[0], cuts[2], cuts[0]), PACE, NOW) == cuts[2:]

    def test_is_over_once_something_was_judged(self):
        assert past(progress(at(12)), PACE, NOW) == ()

    def test_is_cut_at_local_midnights_when_clocks_change(self):
        spring = dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC)
        cuts = past(None, Pace(BERLIN, 56 * DAY, None, Patience()), spring)
        assert {cut.astimezone(BERLIN).hour for cut in cuts} == {0}
        dates = [cut.astimezone(BERLIN).date() for cut in cuts]
        assert {b - a for a, b in pairwise(dates)} == {CHUNK}


@pytest.mark.parametrize(
    ("before", "sources", "plan"),
    [
        pytest.param(
            progress(at(11)), {"web": streaming()}, Plan(at(8), days=False), id="hours, and a few before them"
        ),
        pytest.param(
            progress(at(22, 1)), {"web": streaming()}, Plan(at(0, 1), days=True), id="a day that is over, whole"
        ),
        pytest.param(
            progress(at(12), measured=NOW - HOUR, ios=at(6, 1)),
            {"web": every(1, NOW - HOUR), "ios": every(12, at(0, 1))},
            Plan(at(9), days=False),
            id="what is late is not read again from where it stopped",
        ),
        pytest.param(
            progress(at(12), measured=NOW - HOUR, ios=at(0)),
            {"web": streaming(), "ios": every(24, at(0))},
            Plan(at(0) - 3 * HOUR, days=False),
            id="what waits for its load is",
        ),
    ],
)
def test_only_what_may_have_changed_is_read(before, sources, plan):
    assert to_read(before, sources, PACE, NOW) == plan


def gate(complete: dt.datetime) -> Gate:
    return Gate(State.LOADED, complete, complete)


@pytest.mark.parametrize(
    ("complete", "judged", "plan", "until"),
    [
        pytest.param(at(12), at(10), Plan(at(7), days=False), at(12), id="what is complete is judged"),
        pytest.param(at(2), at(22, 1), Plan(at(19, 1), days=False), at(23, 1), id="a day does not end unmeasured"),
        pytest.param(at(2), at(22, 1), Plan(at(0, 1), days=True), at(2), id="a day that was measured does"),
        pytest.param(at(12), at(3), Plan(at(7), days=False), at(3), id="what was not read again waits"),
        pytest.param(at(9), at(12), Plan(at(7), days=False), at(12), id="nothing is judged twice"),
    ],
)
def test_a_source_is_judged_as_far_as_it_is_complete_and_was_read(complete, judged, plan, until):
    assert reached({"web": gate(complete)}, {"web": judged}, plan, UTC) == {"web": until}


def windows(due) -> list[tuple[Bucket, frozenset[str] | None]]:
    return [(each.bucket, each.fresh) for each in due]


def test_missed_windows_are_judged_once_oldest_first_and_without_gaps():
    due = to_judge({"web": at(20, 1) - DAY}, {"web": at(12)}, UTC)
    assert windows(due) == [
        (Bucket(at(20, 1) - DAY, at(0, 1)), None),
        (Bucket(at(0, 1), at(0)), None),
        (Bucket(at(0), at(12)), None),
    ]


def test_a_source_that_is_behind_does_not_hold_up_the_others():
    due = to_judge({"web": at(6), "ios": at(6)}, {"web": at(9), "ios": at(6)}, UTC)
    assert windows(due) == [(Bucket(at(6), at(9)), frozenset({"web"}))]
    assert due[0].known == {"ios": at(6)}


def test_a_source_that_catches_up_is_judged_alone_where_the_others_have_been():
    due = to_judge({"web": at(9), "ios": at(6)}, {"web": at(10), "ios": at(10)}, UTC)
    assert windows(due) == [(Bucket(at(6), at(9)), frozenset({"ios"})), (Bucket(at(9), at(10)), None)]


def test_nothing_is_judged_twice():
    assert to_judge({"web": at(12)}, {"web": at(12)}, UTC) == ()


def test_progress_names_only_those_that_are_behind():
    after = progressed(progress(at(6)), {"web": at(9), "ios": at(7)}, NOW)
    assert (after.judged_until, after.behind, after.oldest) == (at(9), {"ios": at(7)}, at(7))
