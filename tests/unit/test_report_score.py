"""Do the laws of the score hold, whatever was lost?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.plan import Priority
from monitor.report.score import EventWeek, Loss, together

losses = st.lists(st.tuples(st.sampled_from("ij"), st.floats(1, 100)), max_size=3)
weeks = st.lists(st.tuples(st.sampled_from(list(Priority)), st.floats(100, 1e6), losses), min_size=1, max_size=6)


def scored(drawn, scale=1.0):
    return [
        EventWeek(
            event=str(i),
            priority=priority,
            rows=rows * scale,
            losses=tuple(Loss(incident=k, event=str(i), cause="malformed", rows=n * scale) for k, n in lost),
        )
        for i, (priority, rows, lost) in enumerate(drawn)
    ]


@given(weeks)
def test_what_incidents_take_adds_up_to_what_is_missing_from_100(drawn):
    score = together(scored(drawn))
    assert sum(score.taken.values()) == pytest.approx(100 - score.value, abs=1e-6)
    assert -1e-9 <= score.value <= 100


@given(weeks, st.floats(1, 1000))
def test_a_busier_week_with_the_same_shares_has_the_same_score(drawn, scale):
    assert together(scored(drawn, scale)).value == pytest.approx(together(scored(drawn)).value)


sourced = st.lists(
    st.tuples(
        st.sampled_from(list(Priority)),
        st.dictionaries(st.sampled_from(["web", "ios", "server"]), st.floats(10, 1e6), min_size=1),
        st.lists(
            st.tuples(st.sampled_from("ij"), st.sampled_from(["missing", "late"]), st.floats(0.001, 0.4)), max_size=3
        ),
    ),
    min_size=1,
    max_size=5,
)


def weighed(drawn):
    """Return events that came from some sources, each of which lost some shares of what came."""
    return [
        EventWeek(
            event=str(i),
            priority=priority,
            rows=sum(sources.values()),
            sources=sources,
            losses=tuple(
                Loss(incident=name, event=str(i), cause=cause, rows=part * rows / 2, source=source)
                for name, cause, part in lost
                for source, rows in sources.items()
            ),
        )
        for i, (priority, sources, lost) in enumerate(drawn)
    ]


@given(sourced)
def test_what_an_event_lost_is_the_sum_of_what_it_lost_on_its_sources(drawn):
    for event in weighed(drawn):
        alone = [event.on(source) for source in event.sources]
        assert sum(each.due for each in alone) == pytest.approx(event.due)
        assert sum(each.lost * each.due for each in alone) == pytest.approx(event.lost * event.due)


@given(sourced)
def test_repairing_what_took_most_lifts_the_score_by_just_that(drawn):
    events = weighed(drawn)
    score = together(events)
    if score.lift is None:
        return
    name, points_ = score.lift
    assert together([repaired(event, name) for event in events]).value == pytest.approx(score.value + points_)
    assert points_ == max(score.taken.values())


def repaired(event, name):
    """Return what an event would have been without an incident: what was missing came."""
    came = sum(loss.rows for loss in event.losses if loss.incident == name and loss.cause == "missing")
    return replace(event, rows=event.rows + came, losses=tuple(x for x in event.losses if x.incident != name))
