from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from checks.base import Bucket, Finding, Kind
from checks.plan import Plan, PlannedEvent, Priority
from monitor.account import Learned, LeftOut, Price
from monitor.alerts.message import Severity
from monitor.compose import Composer
from monitor.config import Budget
from monitor.incidents import Incident, Opening, Subject
from monitor.reasons import reasons

END = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
DROP = Finding(
    check="volume",
    kind="drop",
    event="Order",
    bucket=Bucket(END - DAY, END),
    observed=148.0,
    expected=399.0,
    low=279.0,
    high=542.0,
    p_value=4.9e-6,
    effect=-0.63,
    rows=251.0,
    text="Order dropped.",
)
COPIES = replace(DROP, observed=0.2, expected=0.01, low=0.0, high=0.03, effect=0.19, effect_low=0.1, effect_high=0.3)
RULE = Finding(check="missing", kind="never_seen", event="Order", text="Order has never come.")
PRICE = Price(1.2e-5, 5, 80, 77.0, 2, 1.5, 0.0098, 0.0049)
LEARNED = Learned(END - 55 * DAY, END - DAY, 52, (LeftOut(END - 9 * DAY, END - 8 * DAY, "incident inc_1"),))
PLAN = Plan(events={"Order": PlannedEvent(name="Order", priority=Priority.HIGH)})
COMPOSER = Composer(PLAN, lambda _: Kind("{subject} dropped", "look"), ZoneInfo("UTC"), Budget(2.0))


def told(finding, price=PRICE, learned=LEARNED, severity=Severity.CRITICAL):
    opening = Opening(finding, price, learned)
    incident = Incident(
        id="inc_2",
        subject=Subject("loss", "Order"),
        severity=severity,
        started=END,
        last_seen=END,
        findings=(finding,),
        cost=price.threshold if price else None,
        opening=opening,
    )
    return dict(reasons(incident, COMPOSER))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Observed", "148"),
        ("Expected", "399; usually 279 to 542 (99 % of the time)"),
        ("Effect", "−63 %"),
        ("Chance", "p = 4.9e-06: once in 204,100 when nothing is wrong"),
        ("Threshold", "p ≤ 1.2e-05: once in 83,300"),
        ("Cost", "one false alert in 2.0 years: 0.49 % of the budget of 2 a week"),
        (
            "Why that much",
            "80 subjects tested in the same bucket; 77 of them near enough to cost anything; its priority weighs ×1.5; "
            "5 sources or kinds share its part; 2 new problems at once, so each may cost as often as much",
        ),
        ("History", "52 days (7.4 weeks), Tue 6 Jan 10:00 to Sun 1 Mar 10:00"),
        ("Left out", "Sat 21 Feb 10:00 to Sun 22 Feb 10:00: incident inc_1"),
        ("Severity", "critical: high priority, half or more of it is wrong"),
    ],
)
def test_a_verdict_is_explained_in_words_and_numbers(name, sentence):
    assert told(DROP)[name] == sentence


def test_shares_are_told_in_points_with_their_interval():
    shown = told(COPIES)
    assert shown["Observed"] == "20 %"
    assert shown["Effect"] == "+19 points (95 %: +10 points to +30 points)"


def test_a_broken_rule_costs_nothing():
    shown = told(RULE, price=None, learned=None)
    assert shown["Cost"].startswith("nothing: a rule of the plan is broken")
    assert not {"Chance", "Threshold", "History"} & shown.keys()


def test_what_was_kept_before_prices_is_still_read_and_explained():
    """Bodies of older versions lack the opening: their headline is explained as far as it is known."""
    adapter = TypeAdapter(Incident)
    incident = Incident(
        id="inc_2",
        subject=Subject("loss", "Order"),
        severity=Severity.CRITICAL,
        started=END,
        last_seen=END,
        findings=(DROP,),
        cost=1e-5,
    )
    body = adapter.dump_python(incident, mode="json")
    del body["opening"]
    for new in ("effect_low", "effect_high"):
        del body["findings"][0][new]
    shown = dict(reasons(adapter.validate_python(body), COMPOSER))
    assert shown["Threshold"] == "p ≤ 1e-05: once in 100,000"
    assert "History" not in shown


def test_an_incident_comes_back_from_memory_with_its_reasons():
    adapter = TypeAdapter(Incident)
    opening = Opening(DROP, PRICE, LEARNED)
    incident = Incident(
        id="i", subject=Subject("loss"), severity=Severity.INFO, started=END, last_seen=END, opening=opening
    )
    assert adapter.validate_json(adapter.dump_json(incident)).opening == opening
