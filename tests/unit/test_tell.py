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
from monitor.incidents import Hand, Incident, Mark, Spell, State, Subject
from monitor.routing import Life, Quiet, Route, Telling
from monitor.tell import awake, due, tell

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


DAY = dt.timedelta(days=1)
CRITICAL = replace(OPEN, severity=Severity.CRITICAL)
TOLD = replace(OPEN, told=Severity.WARNING, told_at=NOW, messages=1, believed=OPEN.hand)
ALARM = replace(TOLD, severity=Severity.CRITICAL, told=Severity.CRITICAL, alarmed=NOW)
HELD = replace(ALARM, state=State.ACKNOWLEDGED, by="Ann")
ASLEEP = replace(ALARM, state=State.SNOOZED, by="Ann", until=NOW + 3 * DAY)
BACK = replace(TOLD, told=None, spells=(Spell(SINCE - DAY, SINCE),))
LIFE = Life(escalate=dt.timedelta(hours=4))


def known(incident: Incident, **changes) -> Incident:
    """Return an incident in somebody's hands, of which people know."""
    return replace(incident, believed=incident.hand, **changes)


@pytest.mark.parametrize(
    ("incident", "hours", "reason"),
    [
        pytest.param(OPEN, 0, Reason.OPENED, id="a new incident is told"),
        pytest.param(replace(OPEN, state=State.SUSPECTED), 0, None, id="what is only suspected is not"),
        pytest.param(replace(OPEN, state=State.ACKNOWLEDGED, by="Ann"), 0, None, id="nor what somebody has seen first"),
        pytest.param(TOLD, 0, None, id="and then not again"),
        pytest.param(TOLD, 999, None, id="a warning is not repeated"),
        pytest.param(replace(OPEN, told=Severity.INFO), 0, Reason.WORSE, id="worse than when told"),
        pytest.param(replace(OVER, told=Severity.WARNING), 0, Reason.RESOLVED, id="recovery is told"),
        pytest.param(OVER, 0, None, id="what came and went before anybody looked is not told"),
        pytest.param(replace(OPEN, severity=Severity.INFO), 0, None, id="notices wait for the report"),
        pytest.param(BACK, 0, Reason.REOPENED, id="what is back is told in its thread"),
        pytest.param(replace(BACK, messages=0), 0, Reason.OPENED, id="but it is new to those who never heard of it"),
        pytest.param(ALARM, 3, None, id="nobody is told again before time"),
        pytest.param(ALARM, 4, Reason.ESCALATED, id="critical and in nobody's hands for hours"),
        pytest.param(replace(ALARM, escalated=True), 23, None, id="escalated once"),
        pytest.param(replace(ALARM, escalated=True), 24, Reason.REMINDER, id="then a reminder a day"),
        pytest.param(replace(ALARM, escalated=True, reminders=3), 999, None, id="three at most"),
        pytest.param(HELD, 0, Reason.ACKNOWLEDGED, id="somebody has it in hand"),
        pytest.param(known(HELD), 999, None, id="then nobody is reminded"),
        pytest.param(known(HELD, told=Severity.WARNING), 0, Reason.WORSE, id="but it is told when it gets worse"),
        pytest.param(ASLEEP, 0, Reason.SNOOZED, id="somebody wants to hear nothing of it"),
        pytest.param(known(ASLEEP, told=Severity.WARNING), 9, None, id="then not even that it got worse"),
        pytest.param(known(HELD, told=Severity.WARNING, mark=Mark.NOISE), 9, None, id="nor of what was called noise"),
        pytest.param(known(ASLEEP, state=State.RESOLVED), 0, Reason.RESOLVED, id="its end is told to all"),
        pytest.param(replace(known(ASLEEP), state=State.OPEN, by=None, until=None), 0, Reason.REMINDER,
                     id="when a snooze is over and the problem is not"),
    ],
)  # fmt: skip
def test_what_is_told_and_when(incident, hours, reason):
    assert due(incident, NOW + dt.timedelta(hours=hours), LIFE) is reason


def test_a_snooze_ends_by_itself():
    assert awake(ASLEEP, NOW + 2 * DAY) == ASLEEP
    assert awake(ASLEEP, NOW + 3 * DAY).hand == Hand(State.OPEN)


@pytest.mark.parametrize(
    ("incident", "channels"),
    [
        pytest.param(OPEN, ["growth"], id="as the route says"),
        pytest.param(replace(OVER, told=Severity.WARNING, audience=("mail",)), ["growth", "mail"],
                     id="who was told of it hears the end, too"),
        pytest.param(replace(ALARM, alarmed=NOW - DAY), ["on-call"], id="escalation goes elsewhere"),
    ],
)  # fmt: skip
def test_to_whom_it_goes(incident, channels):
    telling = Telling(Life(escalate=DAY, escalate_to=("on-call",)), (Route(to=("growth",), question=("conversion",)),))
    done = tell([incident], COMPOSER, lambda _: None, NOW, ["growth", "mail", "on-call"], telling)
    assert [delivery.channel for delivery in done.deliveries] == channels


def test_at_night_a_warning_waits_for_the_morning():
    night = Telling(quiet=Quiet(dt.time(14), dt.time(18)))
    waits, goes = (
        tell([each], COMPOSER, lambda _: None, NOW, ["mail"], night).deliveries[0].next_try for each in (OPEN, CRITICAL)
    )
    assert (waits, goes) == (dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC), None)


def told(incident):
    done = tell([incident], COMPOSER, lambda _: None, NOW, ["mail", "slack"])
    return done.incidents[0], done.messages[0]


def test_telling_is_remembered_so_that_the_next_run_is_silent():
    after, _ = told(OPEN)
    assert tell([after], COMPOSER, lambda _: None, NOW).messages == ()


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


def test_recovery_from_what_was_learned_meanwhile_does_not_say_that_it_is_as_before():
    drop = replace(FINDING, check="volume", kind="drop")
    long = replace(OVER, told=Severity.WARNING, findings=(drop,), started=OVER.started - dt.timedelta(days=20))
    _, message = told(long)
    assert message.summary.startswith("As expected again after 21 days: it is as before, or how it is now has become")


def test_each_channel_gets_each_message_under_its_own_id():
    done = tell([OPEN], COMPOSER, lambda _: None, NOW, ["slack", "mail"])
    assert [each.id for each in done.deliveries] == ["inc_1-1-opened-mail", "inc_1-1-opened-slack"]
    assert done.incidents[0].audience == ("mail", "slack")


def test_the_whole_source_is_the_subject_when_it_goes_silent():
    findings = tuple(replace(FINDING, event=name) for name in ("A", "B", "C"))
    whole = replace(OPEN, subject=Subject("down", source="ios"), findings=findings)
    assert COMPOSER.title(whole) == "ios: 3 events stopped together"


def test_all_whose_events_are_concerned_are_called_whoever_is_first_once():
    owners = {"Order Completed": "checkout@acme, @growth", "Cart Viewed": "@growth", "Page": "web@acme", "Free": None}
    plan = Plan(events={name: PlannedEvent(name=name, owner=owner) for name, owner in owners.items()})
    units = tuple(("down", name, None) for name in owners)
    composer = replace(COMPOSER, plan=plan)
    (message,) = tell([replace(OPEN, units=units)], composer, lambda _: None, NOW, ["team"]).messages
    assert message.mention == "checkout@acme, @growth, web@acme"
