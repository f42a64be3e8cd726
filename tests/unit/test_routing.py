from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.message import Severity
from monitor.config import load_config
from monitor.errors import ConfigError
from monitor.routing import About, Quiet, Route, Telling, hold

BERLIN = ZoneInfo("Europe/Berlin")
CRITICAL, WARNING = Severity.CRITICAL, Severity.WARNING
ALL = ("growth", "on-call", "team")
ROUTES = (
    Route(to=("on-call",), severity=(CRITICAL,), proceed=True),
    Route(to=("growth",), owner=("growth@*",)),
    Route(to=("team",), event=("Order *",)),
    Route(to=("growth", "team"), question=("conversion",)),
    Route(to=(), event=("Debug",)),
)


def about(severity=WARNING, event="Order Completed", owner="shop@acme", question="revenue") -> About:
    return About(severity, frozenset({event}), frozenset({owner}), frozenset({question}))


@pytest.mark.parametrize(
    ("message", "channels"),
    [
        pytest.param(about(), ["team"], id="the first route that fits"),
        pytest.param(about(CRITICAL), ["on-call", "team"], id="a route that continues, and the next that fits"),
        pytest.param(about(owner="growth@acme"), ["growth"], id="an owner by pattern"),
        pytest.param(about(event="A", question="conversion"), ["growth", "team"], id="by question"),
        pytest.param(about(event="Debug"), [], id="a route to nobody"),
        pytest.param(about(event="A"), list(ALL), id="what no route takes goes to all"),
    ],
)
def test_who_is_told(message, channels):
    assert sorted(Telling(routes=ROUTES).audience(message, ALL)) == channels


def test_without_routes_everybody_is_told():
    assert list(Telling().audience(about(), ALL)) == list(ALL)


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


NIGHT = Quiet(dt.time(22), dt.time(7))
WEEKEND = Quiet(dt.time(22), dt.time(7), frozenset({5, 6}))


@pytest.mark.parametrize(
    ("quiet", "at", "until"),
    [
        pytest.param(NIGHT, "2026-03-02T12:00", None, id="by day nothing waits"),
        pytest.param(NIGHT, "2026-03-02T23:30", "2026-03-03T07:00", id="before midnight"),
        pytest.param(NIGHT, "2026-03-03T05:00", "2026-03-03T07:00", id="after midnight"),
        pytest.param(NIGHT, "2026-03-03T07:00", None, id="the end is not quiet"),
        pytest.param(NIGHT, "2026-03-28T23:00", "2026-03-29T07:00", id="a night of a change of clocks"),
        pytest.param(WEEKEND, "2026-03-06T23:00", "2026-03-09T07:00", id="a night before a quiet weekend"),
        pytest.param(WEEKEND, "2026-03-07T12:00", "2026-03-09T07:00", id="a quiet day"),
        pytest.param(Quiet(dt.time(), dt.time(), frozenset(range(7))), "2026-03-07T12:00", "2026-03-23T00:00",
                     id="always quiet ends some day"),
    ],
)  # fmt: skip
def test_quiet_hours(quiet, at, until):
    assert quiet.over(local(at), BERLIN) == (local(until) if until else None)


def test_what_is_critical_does_not_wait():
    night = local("2026-03-02T23:30")
    assert hold(about(CRITICAL), NIGHT, night, BERLIN) is None
    assert hold(about(), NIGHT, night, BERLIN) == local("2026-03-03T07:00")
    assert hold(about(), None, night, BERLIN) is None


CONFIG = """
version: 1
store: {url: "duckdb:///unused.duckdb"}
channels: {team: {kind: console}, on-call: {kind: console}}
incidents: {confirm: 2h, flap: 12h, remind: 2d, reminders: 5, escalate: {after: 4h, to: on-call}}
quiet: {from: 22:00, to: 07:00, days: [sat, sun]}
routes:
  - {severity: critical, to: on-call, continue: true}
  - {event: "Order *", to: [team], quiet: {from: "20:00", to: "08:00"}}
"""


def read(tmp_path, text: str) -> Telling:
    (tmp_path / "trackwatch.yml").write_text(text)
    return load_config(tmp_path / "trackwatch.yml").telling


def test_the_configuration_says_it(tmp_path):
    telling = read(tmp_path, CONFIG)
    assert telling.quiet == WEEKEND
    assert (telling.life.escalate_to, telling.life.reminders) == (("on-call",), 5)
    assert telling.audience(about(CRITICAL), ("team", "on-call")) == {
        "on-call": WEEKEND,
        "team": Quiet(dt.time(20), dt.time(8)),
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("to: [team]", "to: [teem]", "9: 'teem' is not a channel; did you mean 'team'?"),
        ("severity: critical", "severity: urgent", "8: "),
        ('event: "Order *"', "question: churn", "9: 'churn' is not a question of the plan"),
        ("[sat, sun]", "[saturday]", "6: "),
        ("from: 22:00", "from: late", "expected a time of day"),
        ("remind: 2d", "remind: 2h", "reminders come once a day at most"),
        ("reminders: 5", "reminders: -1", "expected a whole number"),
        ("to: on-call}}", "to: pager}}", "5: 'pager' is not a channel"),
    ],
)
def test_each_mistake_is_a_sentence(tmp_path, old, new, said):
    assert old in CONFIG
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, CONFIG.replace(old, new, 1))
    assert said in str(refused.value)
