from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from monitor.gate import LEAST, PATIENCE, Patience, Source, State, allowance, assess, interval, tolerance
from monitor.history.measures import Rhythm, Watermark

HOUR, DAY, MINUTE = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(minutes=1)
UTC = ZoneInfo("UTC")
NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)


def at(hour: int, minute: int = 0, day: int = 2) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=dt.UTC)


def rhythm(*, every: dt.timedelta, last: dt.datetime, lag: dt.timedelta | None = None, n: int = 600) -> Rhythm:
    loads = tuple(int((last - i * every).timestamp()) for i in reversed(range(n)))
    return Rhythm(loads, seen=loads[-1], lag=None if lag is None else int(lag.total_seconds()))


def batch(hours: int, last: dt.datetime) -> Source:
    """Return a source whose loads say their time, all rows up to five minutes before them."""
    lag = hours * HOUR + 5 * MINUTE
    return Source(Watermark(last - 5 * MINUTE, last), rhythm(every=hours * HOUR, last=last, lag=lag))


def stream(newest: dt.datetime = NOW, seen: dt.datetime | None = None) -> Source:
    """Return a source that does not say when it was loaded, and whose rhythm is not known."""
    return Source(Watermark(newest, None), Rhythm(seen=int((seen or newest).timestamp())))


def fast(newest: dt.datetime = NOW) -> Source:
    return Source(Watermark(newest, newest), rhythm(every=HOUR, last=newest, lag=MINUTE))


def synced(newest: dt.datetime, ended: dt.datetime) -> Source:
    """Return a source whose store keeps a history of loads: the last one ended then, whatever it brought."""
    return Source(Watermark(newest, None, ended), rhythm(every=6 * HOUR, last=ended))


LEARN = Patience()


@pytest.mark.parametrize(
    ("sources", "state", "complete"),
    [
        pytest.param({"ios": stream()}, State.LOADED, at(12), id="an hour is complete once the allowance has passed"),
        pytest.param({"ios": stream(NOW + DAY)}, State.LOADED, at(12), id="the future is not complete: a clock ahead"),
        pytest.param({"ios": stream(at(12, 20), seen=NOW)}, State.WAITING, at(11), id="a clock behind is not late"),
        pytest.param({"ios": stream(at(9)), "web": stream()}, State.SILENT, at(12), id="others moved on: silent"),
        pytest.param({"ios": stream(at(9))}, State.WAITING, at(8), id="alone, and not for long: it is waited for"),
        pytest.param({"ios": synced(at(6), at(13))}, State.LOADED, at(12), id="alone, and its load ended with nothing"),
        pytest.param({"ios": synced(at(1), at(2))}, State.LATE, at(1), id="alone, and its load did not come"),
        pytest.param({"ios": stream(at(6))}, State.LATE, at(5), id="alone, and for longer than anybody is patient"),
        pytest.param({"ios": batch(12, at(12, 5))}, State.LOADED, at(12), id="loaded"),
        pytest.param({"ios": batch(12, at(2, 5))}, State.LOADED, at(2), id="between two loads nothing is missing"),
        pytest.param({"ios": batch(12, at(0, 5))}, State.WAITING, at(0), id="a little late is waited for"),
        pytest.param({"ios": batch(12, at(21, 5, day=1))}, State.LATE, at(21, day=1), id="the load has not come: late"),
        pytest.param(
            {"ios": batch(12, at(2, 5)), "web": fast()}, State.LOADED, at(2), id="streams say nothing of it"
        ),
        pytest.param(
            {"ios": batch(12, at(2, 5)), "web": batch(12, at(8, 5))}, State.LOADED, at(2), id="nor do other hours"
        ),
        pytest.param(
            {"ios": batch(12, at(0, 5)), "web": batch(12, at(12, 5))}, State.PARTIAL, at(0), id="one load, in part"
        ),
        pytest.param(
            {"ios": batch(1, at(9, 5)), "web": batch(1, at(13, 5))}, State.SILENT, at(11), id="further loads without it"
        ),
        pytest.param(
            {"ios": Source(Watermark(at(10, 30), at(12, 5)), rhythm(every=HOUR, last=at(12, 5), lag=HOUR))},
            State.WAITING, at(10), id="a load that was cut off says so by its newest row",
        ),
    ],
)  # fmt: skip
def test_what_is_not_there_is_missing_late_partial_or_not_due(sources, state, complete):
    found = assess(sources, LEARN, NOW, UTC)["ios"]
    assert (found.state, found.complete) == (state, complete)


def test_a_load_that_left_out_tables_is_waited_for_once():
    source = batch(12, at(12, 5))
    torn = Source(source.mark, source.rhythm, torn=True)
    found = assess({"ios": torn}, LEARN, NOW, UTC)["ios"]
    assert (found.state, found.complete) == (State.PARTIAL, at(0))


def test_a_source_that_stays_away_for_a_week_is_taken_to_be_silent():
    gone = batch(12, NOW - 9 * DAY)
    assert assess({"ios": gone}, LEARN, NOW, UTC)["ios"].complete < NOW - 8 * DAY
    found = assess({"ios": gone, "web": fast()}, LEARN, NOW, UTC)["ios"]
    assert (found.state, found.complete) == (State.LATE, at(1))


def test_hours_are_local_where_zones_are_half_an_hour_apart():
    found = assess({"ios": stream()}, LEARN, NOW, ZoneInfo("Asia/Kolkata"))["ios"]
    assert found.complete == at(11, 30)


class TestWhatIsLearned:
    @pytest.mark.parametrize(
        ("arrivals", "patience", "found"),
        [
            pytest.param((), LEARN, HOUR, id="nothing is known: an hour"),
            pytest.param((9.0, 1.0), LEARN, HOUR, id="ten rows are nothing to learn from"),
            pytest.param((9990.0, 10.0), LEARN, HOUR, id="nearly all are there within the hour"),
            pytest.param((980.0, 10.0, 8.0, 2.0), LEARN, 3 * HOUR, id="99.5 % are there after three hours"),
            pytest.param((980.0, 10.0, 8.0, 2.0), Patience(2 * HOUR), 2 * HOUR, id="what is configured is not learned"),
        ],
    )
    def test_the_allowance_is_when_nearly_all_rows_are_there(self, arrivals, patience, found):
        assert allowance(Rhythm(arrivals=arrivals), patience) == found

    def test_the_allowance_is_bounded(self):
        assert allowance(Rhythm(lag=0), LEARN) == LEAST
        assert allowance(Rhythm(lag=10**7), LEARN) == 48 * HOUR

    @pytest.mark.parametrize("hours", [1, 12, 24])
    def test_loads_come_in_their_rhythm(self, hours):
        learned = rhythm(every=hours * HOUR, last=NOW)
        assert interval(learned) == hours * HOUR
        assert tolerance(learned, LEARN) == hours * HOUR + max(HOUR, hours * HOUR / 4)

    def test_nights_belong_to_the_rhythm_and_one_outage_does_not(self):
        loads = [NOW - day * DAY + hour * HOUR for day in range(30, 0, -1) for hour in range(16)]
        outage = [load for load in loads if not NOW - 10 * DAY < load < NOW - 8 * DAY]
        learned = Rhythm(tuple(int(load.timestamp()) for load in outage))
        assert tolerance(learned, LEARN) == 9 * HOUR * 1.25

    def test_few_loads_are_no_rhythm(self):
        assert interval(rhythm(every=HOUR, last=NOW, n=5)) is None
        assert tolerance(rhythm(every=HOUR, last=NOW, n=5), LEARN) == PATIENCE
        assert tolerance(rhythm(every=HOUR, last=NOW, n=100), LEARN) == PATIENCE, "four days: no weekend was seen"
