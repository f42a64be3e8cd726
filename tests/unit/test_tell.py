from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from checks.base import Bucket, Finding, Kind
from checks.plan import Plan, PlannedEvent, Question
from monitor.alerts.message import Reason, Severity
from monitor.alerts.text import as_text
from monitor.compose import Composer
from monitor.config import Budget
from monitor.incidents import Incident, State, Subject
from monitor.tell import address, due, messages

NOW = dt.datetime(2026, 3, 2, 13, tzinfo=dt.UTC)
SINCE = NOW - dt.timedelta(hours=30)
PLAN = Plan(
    questions={"conversion": Question(name="conversion", ask="What drives conversion?", owner="growth")},
    events={"Order Completed": PlannedEvent(name="Order Completed", owner="checkout@acme", answers=("conversion",))},
)
KIND = Kind("{subject} stopped", "Compare the release notes of the app.", family="down")
COMPOSER = Composer(PLAN, lambda _: KIND, ZoneInfo("Europe/Berlin"), Budget(1.0), "https://tw.acme")
FINDING = Finding(
    check="missing",
    kind="stopped",
    event="Order Completed",
    source="ios",
    bucket=Bucket(NOW - dt.timedelta(hours=1), NOW),
    observed=0,
    expected=480.3,
    low=410,
    high=552,
    p_value=1e-40,
    effect=-1.0,
    rows=480.0,
    text="Order Completed on ios: nothing for 30 hours, 480 expected.",
)
OPEN = Incident(
    id="inc_1",
    subject=Subject("down", "Order Completed"),
    severity=Severity.WARNING,
    started=SINCE,
    last_seen=NOW,
    slice={"source": "ios"},
    explains=0.97,
    findings=(FINDING,),
    cost=1e-5,
)
OVER = replace(OPEN, state=State.RESOLVED, resolved=NOW)


@pytest.mark.parametrize(
    ("incident", "reason"),
    [
        pytest.param(OPEN, Reason.OPENED, id="a new incident is told"),
        pytest.param(replace(OPEN, told=Severity.WARNING), None, id="and then not again"),
        pytest.param(replace(OPEN, told=Severity.INFO), Reason.WORSE, id="worse than when told"),
        pytest.param(replace(OVER, told=Severity.WARNING), Reason.RESOLVED, id="recovery is told"),
        pytest.param(OVER, None, id="what came and went before anybody looked is not told"),
        pytest.param(replace(OPEN, severity=Severity.INFO), None, id="notices wait for the report"),
    ],
)
def test_what_is_told_and_when(incident, reason):
    assert due(incident) is reason


def told(incident):
    after, (message,) = messages([incident], COMPOSER, lambda _: None, NOW)
    return after[0], message


def test_telling_is_remembered_so_that_the_next_run_is_silent():
    after, _ = told(OPEN)
    assert messages([after], COMPOSER, lambda _: None, NOW)[1] == ()


def test_an_alert_answers_what_since_when_how_far_how_sure_where_whose_why_and_what_now():
    text = as_text(told(OPEN)[1], width=120)
    for part in (
        "Order Completed stopped on ios",
        "Sun 1 Mar, 08:00 (30 hours)",
        "410 to 552",
        "less than once in a billion",
        "1 false alert a week",
        "source ios, which holds 97 % of it",
        "checkout@acme",
        "What drives conversion? (growth)",
        "Compare the release notes",
        "https://tw.acme/incidents/inc_1",
    ):
        assert part in text


def test_recovery_says_how_long_it_lasted_and_what_it_cost():
    _, message = told(replace(OVER, told=Severity.WARNING))
    assert message.summary == "Back to normal after 30 hours. About 480 messages are affected."
    assert "What to do next" not in as_text(message)


def test_each_channel_gets_each_message_under_its_own_id():
    deliveries = address([told(OPEN)[1]], ["slack", "mail"])
    assert [each.id for each in deliveries] == ["inc_1-1-opened-slack", "inc_1-1-opened-mail"]


def test_the_whole_source_is_the_subject_when_it_goes_silent():
    findings = tuple(replace(FINDING, event=name) for name in ("A", "B", "C"))
    whole = replace(OPEN, subject=Subject("down", source="ios"), findings=findings)
    assert COMPOSER.title(whole) == "ios: 3 events stopped together"
