from __future__ import annotations

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent

PLAN = Plan(events={"Order Completed": PlannedEvent(name="Order Completed", sources={"web": "", "ios": ""})})


def of_kind(findings, kind):
    return [finding for finding in findings if finding.kind == kind]


def silent(values, hours):
    values[len(values) - hours :] = 0
    return values


def test_a_planned_event_that_never_came_breaks_a_rule_once_and_not_for_each_source(make_profile, problems):
    found = problems("missing", make_profile({("Page Viewed", "web"): 50.0}), PLAN)
    assert [(f.kind, f.event, f.source, f.p_value) for f in found] == [("never_seen", "Order Completed", None, None)]
    assert found[0].text == "Order Completed is planned, and has never come from any source."


def test_a_planned_source_that_never_sent_the_event_is_named(make_profile, problems):
    found = problems("missing", make_profile({("Order Completed", "web"): 50.0}), PLAN)
    assert [(f.kind, f.source) for f in found] == [("never_seen", "ios")]


def test_a_planned_event_that_came_from_everywhere_is_said_to_be_healthy(make_profile, judge):
    profile = make_profile({("Order Completed", "web"): 50.0, ("Order Completed", "ios"): 5.0})
    seen = of_kind(judge("missing", profile, PLAN), "never_seen")
    assert len(seen) == 3
    assert not any(f.relevant for f in seen)


def test_an_empty_store_says_nothing_about_a_single_event(make_profile, judge):
    assert judge("missing", make_profile({}), PLAN) == []


@pytest.mark.parametrize(
    ("mean", "hours"),
    [
        pytest.param(40.0, 2, id="an event of 40 an hour is missed after two hours"),
        pytest.param(2.0, 12, id="an event of 2 an hour is missed within a day"),
        pytest.param(0.1, 336, id="an event of 2.4 a day is missed after two weeks"),
        pytest.param(40.0, 72, id="a silence is there on day 3"),
        pytest.param(40.0, 720, id="a silence is there on day 30"),
    ],
)
def test_a_silence_is_found_and_stays(make_profile, problems, traffic, mean, hours):
    profile = make_profile({("Order Completed", "ios"): silent(traffic(mean), hours)}, incident=hours - 1)
    (found,) = problems("missing", profile)
    assert (found.kind, found.source, found.observed) == ("stopped", "ios", 0.0)


def test_a_silence_is_told_in_one_sentence_and_dated_to_its_first_empty_hour(make_profile, problems):
    values = np.full(1344, 6.0)
    values[-9:] = 0
    (found,) = problems("missing", make_profile({("Order Completed", "ios"): values}))
    assert found.text == "Order Completed on ios: nothing for 9 hours, where 54 were expected."
    assert (found.bucket.end - found.since).total_seconds() == 9 * 3600


def test_every_hour_of_a_silence_is_a_problem(make_profile, problems, traffic):
    profile = make_profile({("Order Completed", "ios"): silent(traffic(40.0), 24)}, judged=12)
    assert len(problems("missing", profile)) == 12


def test_the_silence_is_over_when_the_event_returns(make_profile, judge, traffic):
    values = silent(traffic(40.0), 30)
    values[-1] = 1
    (finding,) = judge("missing", make_profile({("Order Completed", "ios"): values}, incident=30))
    assert finding.p_value == 1.0
    assert not finding.relevant


def test_a_silence_longer_than_all_that_is_remembered_keeps_an_incident_open_and_opens_none(make_profile, judge):
    profile = make_profile({("Order Completed", "ios"): 0.0}, seen_before=True)
    (finding,) = judge("missing", profile)
    assert (finding.kind, finding.settled, finding.relevant) == ("stopped", False, False)
    assert finding.text == "Order Completed on ios: nothing for more than 56 days."


@pytest.mark.parametrize("mean", [pytest.param(m, id=f"{m} an hour") for m in (0.1, 1.0, 30.0, 300.0)])
@pytest.mark.parametrize(
    "open_",
    [
        pytest.param(lambda hour: (hour // 24 % 7 < 6) & (hour % 24 >= 7), id="closed at night and on Sundays"),
        pytest.param(lambda hour: hour // 24 % 7 != 5, id="closed on Saturdays"),
        pytest.param(lambda hour: hour // 24 % 7 < 5, id="closed at weekends"),
    ],
)
def test_a_weekly_closure_is_no_silence(make_profile, problems, traffic, open_, mean):
    values = np.where(open_(np.arange(1344)), traffic(mean), 0)
    assert problems("missing", make_profile({("Order Completed", "web"): values}, judged=168)) == []


def test_a_closed_shop_that_does_not_open_again_is_silent(make_profile, problems, traffic):
    values = np.where(np.arange(1344) // 24 % 7 < 6, traffic(30.0), 0)
    values[-168 - 24 :] = 0  # Sunday, and all of the next week
    found = problems("missing", make_profile({("Order Completed", "web"): values}, judged=168))
    assert found[0].bucket.end.isoformat() < "2026-02-23T08"


def test_an_event_that_may_just_be_late_is_not_relevant(make_profile, judge, traffic):
    (finding,) = judge("missing", make_profile({("Order Completed", "web"): silent(traffic(1.0), 2)}))
    assert finding.expected < 3
    assert not finding.relevant


def test_an_event_is_not_judged_before_it_has_three_days_of_history(make_profile, judge, traffic):
    values = traffic(40.0)
    values[:-30] = 0
    assert judge("missing", make_profile({("Order Completed", "web"): silent(values, 6)})) == []


def test_a_silence_on_one_source_is_told_beside_the_event_as_a_whole(make_profile, judge, traffic):
    rows = {("Order Completed", "ios"): silent(traffic(40.0), 6), ("Order Completed", "web"): traffic(40.0, seed=1)}
    found = {f.source: f.p_value for f in judge("missing", make_profile(rows))}
    assert found["ios"] < 1e-6
    assert found["web"] == found[None] == 1.0


def test_evidence_shows_two_weeks_and_where_the_silence_begins(make_profile, problems, evidence_of, traffic):
    profile = make_profile({("Order Completed", "ios"): silent(traffic(40.0), 6)})
    (found,) = problems("missing", profile)
    evidence = evidence_of("missing", profile, found)
    assert len(evidence.observed) == len(evidence.low) == 14 * 24
    assert evidence.bad_from == 14 * 24 - 6
