from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.base import Bucket, Finding, Kind
from checks.plan import Plan, PlannedEvent, Priority
from monitor.alerts.message import Severity
from monitor.config import Budget
from monitor.decide import Verdict, decide, weekly

END = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOURLY = Bucket(END - dt.timedelta(hours=1), END)
DAILY = Bucket(END - dt.timedelta(days=1), END)
PLAN = Plan(events={p.value: PlannedEvent(name=p.value, priority=p) for p in Priority})
ONE = Budget(1.0)


def finding(p_value: float | None, **fields) -> Finding:
    return Finding(**{"kind": "drop", "event": "normal", "bucket": HOURLY, "p_value": p_value, **fields})


def kind_of(found: Finding) -> Kind:
    return Kind("{subject}", "look", notice=found.kind == "constant")


def lossy(found: Finding) -> Kind:
    return Kind("{subject}", "look", family="loss", symptom=found.kind == "drop")


def check_kind(found: Finding) -> Kind:
    return Kind("{subject}", "look", family=f"{found.kind}.{found.kind}")


def problems(findings, budget=ONE, kind_of=kind_of):
    return [verdict.problem for verdict in decide(findings, PLAN, budget, kind_of)]


@pytest.mark.parametrize(
    ("found", "is_problem"),
    [
        pytest.param(finding(1e-9), True, id="far beyond chance"),
        pytest.param(finding(0.01), False, id="one in a hundred happens every few minutes in a fleet"),
        pytest.param(finding(1e-9, relevant=False), False, id="significant but too small to matter"),
        pytest.param(finding(None), True, id="a broken rule needs no statistics"),
        pytest.param(finding(None, relevant=False), False, id="a kept rule"),
    ],
)
def test_what_is_a_problem(found, is_problem):
    assert problems([found]) == [is_problem]


def others(number, p_value=0.5, **fields):
    """Return tests of as many other subjects; those of another p-value are of others again."""
    return [finding(p_value, property=f"{p_value} {i}", **fields) for i in range(number)]


HOUR_SHARE = 1 / 2 / 168  # of a budget of one a week, half of it for hours


def test_the_threshold_is_the_budget_divided_by_buckets_and_subjects():
    just_below, just_above = finding(HOUR_SHARE / 100 * 0.99), finding(HOUR_SHARE / 100 * 1.01)
    assert problems([just_below, *others(99)])[0]
    assert not problems([just_above, *others(99)])[0]


def test_sources_of_one_subject_share_its_part():
    looks = [
        finding(HOUR_SHARE / 100 / 4 * factor, source=source)
        for source, factor in zip("abcd", (0.99, 1.01, 9, 9), strict=True)
    ]
    assert problems([*looks, *others(99)])[:4] == [True, False, False, False]


def test_a_symptom_beside_its_cause_is_not_another_look():
    stop, drop = finding(0.3, kind="stopped"), finding(HOUR_SHARE / 100 * 0.9)
    assert problems([stop, drop, *others(99)], kind_of=lossy)[:2] == [False, True]


def test_what_is_far_from_any_problem_leaves_its_part_to_the_others():
    kept_rules = others(900, p_value=1.0)
    live = (50 + 1) / 0.5
    just_below = finding(HOUR_SHARE / live * 0.99)
    assert problems([just_below, *others(49, 0.4), *kept_rules])[0]
    assert not problems([finding(HOUR_SHARE / live * 1.01), *others(49, 0.4), *kept_rules])[0]


def test_looks_that_depend_on_each_other_are_as_near_as_each_of_them():
    """Counted by the least p of a subject, sources that share their hours would seem far, and cost too much."""
    looks = [finding(0.3, property=str(i), source=source) for i in range(100) for source in "abcd"]
    (verdict, *_) = decide([finding(1e-9), *looks], PLAN, ONE, kind_of)
    assert verdict.price.live == 101


def test_what_is_open_already_makes_nothing_new_believable():
    """A hundred silent events would else make every hour's threshold a hundred times as lax."""
    silent = others(100, p_value=1e-12)
    suspect = finding(HOUR_SHARE / 200 * 5, event="high")
    known = {("drop.drop", found.event, found.property) for found in silent}
    assert problems([suspect, *silent, *others(100)])[0]
    assert not decide([suspect, *silent, *others(100)], PLAN, ONE, check_kind, known)[0].problem


def test_what_is_too_small_to_tell_makes_nothing_else_believable():
    small = others(100, p_value=1e-12, relevant=False)
    assert not problems([finding(HOUR_SHARE / 200 * 5, event="high"), *small, *others(100)])[0]


def test_few_messages_are_not_told_but_a_broken_rule_is():
    found = [finding(1e-9, rows=4.0), finding(None, rows=1.0), finding(1e-9, event="high")]
    assert problems(found, Budget(1.0, min_messages=5)) == [False, True, True]


def test_a_problem_says_what_it_cost():
    (verdict, *_) = decide([finding(1e-9, source=s) for s in "ab"] + others(99), PLAN, Budget(2.0), kind_of)
    price = verdict.price
    assert (price.subjects, price.looks, price.live, price.found, price.weight) == (100, 2, 100.0, 1, 1.0)
    assert verdict.cost == price.threshold == pytest.approx(2 * HOUR_SHARE / 100 / 2)
    assert price.weekly == pytest.approx(1 / 100)
    assert price.share == pytest.approx(1 / 200)


def test_a_daily_test_may_cost_more_than_an_hourly_one():
    p = 1 / 365 * 0.9
    assert problems([finding(p, bucket=DAILY)]) == [True]
    assert problems([finding(p)]) == [False]


def test_an_installation_with_one_test_does_not_spend_the_whole_budget_on_it():
    once_a_year = 1 / (365 * 24)
    assert problems([finding(once_a_year * 0.9)]) == [True]
    assert problems([finding(once_a_year * 1.1)], Budget(50)) == [False]


def test_a_critical_event_gets_more_of_the_budget():
    share = 2 / (365 * 24)
    verdicts = decide([finding(1, event="critical"), finding(1, event="low")], PLAN, ONE, kind_of)
    assert verdicts[0].cost == pytest.approx(8 * verdicts[1].cost)
    assert sum(verdict.cost for verdict in verdicts) == pytest.approx(share)


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.01, 50))
def test_more_budget_never_loses_a_problem(p_values, budget):
    findings = [finding(p) for p in p_values]
    less, more = problems(findings, Budget(budget)), problems(findings, Budget(budget * 2))
    assert all(b or not a for a, b in zip(less, more, strict=True))


def test_false_alerts_stay_within_the_budget_when_nothing_is_wrong():
    """Simulated: 28 subjects an hour (fewer would not spend it) for 60 weeks, budget 1 a week, half of it for hours."""
    rng = np.random.default_rng(7)
    alerts = 0
    for _ in range(60 * 168 // 24):  # a day at a time: 24 buckets, each its own batch
        ends = [END + dt.timedelta(hours=h) for h in range(24)]
        found = [
            finding(float(p), property=str(i), bucket=Bucket(end - dt.timedelta(hours=1), end))
            for end in ends
            for i, p in enumerate(rng.random(28))
        ]
        alerts += sum(problems(found))
    assert 15 <= alerts <= 45  # 30 expected of 60 weeks at half a budget of one


def test_a_week_notes_its_tests_and_the_false_alerts_to_be_expected_of_them():
    """Of 2,000 true null hypotheses with a threshold of 0.001 two should alert by chance, whatever is wrong beside."""
    p_values = [*np.random.default_rng(3).uniform(size=2000).tolist(), *[1e-9] * 500]
    verdicts = [Verdict(finding(p, check="volume"), False, Severity.INFO, cost=0.001) for p in p_values]
    week = weekly(verdicts, ZoneInfo("UTC"), kind_of)["2026-W10"]
    assert week == {"tests": {"volume": 2500}, "risk": pytest.approx(2.0, rel=0.1)}
