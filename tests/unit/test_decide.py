from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.base import Bucket, Finding, Kind
from checks.plan import Plan, PlannedEvent, Priority
from monitor.alerts.message import Severity
from monitor.config import Budget
from monitor.decide import decide

END = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOURLY = Bucket(END - dt.timedelta(hours=1), END)
DAILY = Bucket(END - dt.timedelta(days=1), END)
PLAN = Plan(events={p.value: PlannedEvent(name=p.value, priority=p) for p in Priority})
ONE = Budget(1.0)


def finding(p_value: float | None, **fields) -> Finding:
    return Finding(**{"kind": "drop", "event": "normal", "bucket": HOURLY, "p_value": p_value, **fields})


def kind_of(found: Finding) -> Kind:
    return Kind("{subject}", "look", notice=found.kind == "constant")


def problems(findings, budget=ONE):
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


def test_the_threshold_is_the_budget_divided_by_buckets_and_tests():
    share = 1 / 2 / 168
    just_below, just_above = finding(share / 100 * 0.99), finding(share / 100 * 1.01)
    others = [finding(0.5)] * 99
    assert problems([just_below, *others])[0]
    assert not problems([just_above, *others])[0]


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


@pytest.mark.parametrize(
    ("event", "effect", "severity"),
    [
        pytest.param("critical", -0.3, Severity.CRITICAL, id="anything on a critical event is critical"),
        pytest.param("high", -0.9, Severity.CRITICAL, id="most of an important event"),
        pytest.param("high", -0.3, Severity.WARNING, id="a part of an important event"),
        pytest.param("normal", -0.9, Severity.WARNING, id="an ordinary event"),
        pytest.param("low", -0.3, Severity.INFO, id="a part of an event that nobody hangs on"),
        pytest.param("not in the plan", -0.3, Severity.INFO, id="a part of an unplanned event"),
    ],
)
def test_severity_comes_from_priority_and_effect(event, effect, severity):
    (verdict,) = decide([finding(1e-9, event=event, effect=effect)], PLAN, ONE, kind_of)
    assert verdict.severity is severity


def test_a_notice_wakes_nobody_even_on_a_critical_event():
    (verdict,) = decide([finding(None, kind="constant", event="critical")], PLAN, ONE, kind_of)
    assert verdict.severity is Severity.INFO


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.01, 50))
def test_more_budget_never_loses_a_problem(p_values, budget):
    findings = [finding(p) for p in p_values]
    less, more = problems(findings, Budget(budget)), problems(findings, Budget(budget * 2))
    assert all(b or not a for a, b in zip(less, more, strict=True))


def test_false_alerts_stay_within_the_budget_when_nothing_is_wrong():
    """Simulated: 40 tests an hour for 60 weeks of hours, budget 1 a week, half of it for hours."""
    rng = np.random.default_rng(7)
    alerts = 0
    for _ in range(60 * 168 // 24):  # a day at a time: 24 buckets, each its own batch
        ends = [END + dt.timedelta(hours=h) for h in range(24)]
        found = [
            finding(float(p), bucket=Bucket(end - dt.timedelta(hours=1), end)) for end in ends for p in rng.random(40)
        ]
        alerts += sum(problems(found))
    assert 15 <= alerts <= 48  # 30 expected of 60 weeks at half a budget of one
