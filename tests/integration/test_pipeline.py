"""The life of an installation from its first run on, on counts in memory and a real state database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from monitor.acting import act
from monitor.actions import Action, Verb
from monitor.config import load_config
from monitor.errors import DeliveryError, StoreError
from monitor.history.memory import Memory
from monitor.incidents import State
from monitor.pipeline import Installation, run
from monitor.stores.base import TableFailure
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOURS = 9 * 7 * 24
NOW = START + dt.timedelta(hours=8 * 7 * 24 + 13, minutes=20)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
CONFIG = """
version: 1
plan: plan.yml
store: {url: "duckdb:///unused.duckdb", history: 35d, judge: 3d}
checks: {unused: {enabled: false}, schema: {enabled: false}, duplicates: {enabled: false}}
"""
PLAN = """
version: 1
events:
  Order Completed: {priority: critical, owner: checkout@acme}
  Page Viewed: {}
"""


def traffic(mean: float, seed: int) -> np.ndarray:
    """Return Poisson counts by hour with a daily wave."""
    hours = np.arange(HOURS)
    wave = 1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
    return np.random.default_rng(seed).poisson(mean * wave).astype(float)


@pytest.fixture
def store():
    names = [("web", "Order Completed"), ("ios", "Order Completed"), ("web", "Page Viewed"), ("ios", "Page Viewed")]
    return CountStore(START, {name: traffic(40 * (i + 1), seed=i) for i, name in enumerate(names)})


@pytest.fixture
def installation(store, tmp_path):
    (tmp_path / "trackwatch.yml").write_text(CONFIG)
    (tmp_path / "plan.yml").write_text(PLAN)
    config = replace(load_config(tmp_path / "trackwatch.yml"), channels={"team": Recorder()})
    return Installation(config, store, Memory(f"sqlite:///{tmp_path}/state.db", "production"))


def stop(store: CountStore, source: str, event: str, since: dt.datetime, until: dt.datetime = NOW + 7 * DAY) -> None:
    a, b = (max(int((at - START) / HOUR), 0) for at in (since, until))
    store.counts[source, event][a:b] = 0


def titles(installation: Installation) -> list[str]:
    return [f"{message.reason}: {message.title}" for message, _ in installation.config.channels["team"].sent]


def hourly(installation: Installation, since: dt.datetime, hours: int):
    for hour in range(hours + 1):
        run(installation, since + hour * HOUR)


def test_healthy_data_raise_nothing(installation):
    result = run(installation, NOW)
    assert result.verdicts
    assert (result.incidents, titles(installation)) == ((), [])


def test_a_stop_is_told_once_and_its_end_is_told(installation, store):
    stop(store, "ios", "Order Completed", since=NOW - 30 * HOUR, until=NOW + 6 * HOUR)
    run(installation, NOW)
    run(installation, NOW)
    assert titles(installation) == ["new problem: Order Completed stopped on ios"]
    hourly(installation, NOW, 12)
    assert titles(installation)[1:] == ["resolved: Order Completed stopped on ios"]
    (first, no_root), (_, root) = installation.config.channels["team"].sent
    assert no_root is None
    assert root.data == {"message": first.id}


def test_a_silence_stays_open_for_a_week(installation, store):
    stop(store, "web", "Order Completed", since=NOW - 10 * HOUR)
    stop(store, "ios", "Order Completed", since=NOW - 10 * HOUR)
    for day in range(7):
        result = run(installation, NOW + day * DAY)
        assert [incident.state for incident in result.incidents] == [State.OPEN]
    again = ["still open: Order Completed stopped"]
    assert titles(installation) == ["new problem: Order Completed stopped", *again * 3], "reminders are capped"


def test_a_snooze_ends_and_the_end_of_its_time_is_told_though_nothing_else_is_due(installation, store):
    stop(store, "ios", "Order Completed", since=NOW - 30 * HOUR)
    (incident,) = run(installation, NOW).incidents
    until = NOW + dt.timedelta(minutes=20)
    snooze = Action(verb=Verb.SNOOZE, incident=incident.id, by="Ann", via="cli", at=NOW, until=until)
    act(installation.config, installation.memory, snooze)
    run(installation, NOW + dt.timedelta(minutes=10))
    (after,) = run(installation, until).incidents
    told = [title.split(":")[0] for title in titles(installation)]
    assert (after.state, told) == (State.OPEN, ["new problem", "snoozed", "still open"])


def test_what_came_and_went_before_the_first_run_is_not_told(installation, store):
    stop(store, "ios", "Order Completed", since=NOW - 4 * DAY, until=NOW - 3 * DAY)
    result = run(installation, NOW)
    assert [incident.state for incident in result.incidents] == [State.RESOLVED]
    assert titles(installation) == []


def test_judging_by_the_hour_and_catching_up_at_once_find_the_same(installation, store, tmp_path):
    stop(store, "ios", "Order Completed", since=NOW + 5 * HOUR)
    run(installation, NOW)
    late = replace(installation, memory=Memory(f"sqlite:///{tmp_path}/late.db", "production"))
    run(late, NOW)
    hourly(installation, NOW, 30)
    run(late, NOW + 30 * HOUR)
    (by_hour,), (at_once,) = installation.memory.incidents(), late.memory.incidents()
    when = {"told_at": None, "alarmed": None, "messages": 0, "reminders": 0}
    assert replace(by_hour, **when) == replace(at_once, **when)


def test_nothing_is_asked_of_the_store_when_nothing_is_due(installation, store):
    run(installation, NOW)
    asked = len(store.asked)
    result = run(installation, NOW + dt.timedelta(minutes=5))
    assert (len(store.asked), result.reading) == (asked, None)


def test_a_later_run_reads_only_what_may_have_changed(installation, store):
    run(installation, NOW)
    run(installation, NOW + HOUR)
    assert store.asked[-1].since == NOW.replace(hour=9, minute=0)
    assert {measure.grain for measure in store.asked[-1].measures} == {"hour"}


def test_a_dry_run_remembers_and_sends_nothing(installation, store):
    stop(store, "ios", "Order Completed", since=NOW - 30 * HOUR)
    result = run(installation, NOW, dry_run=True)
    assert [message.title for message in result.messages] == ["Order Completed stopped on ios"]
    assert (titles(installation), installation.memory.progress()) == ([], None)


def test_each_run_keeps_what_the_store_holds(installation, store):
    run(installation, NOW)
    store.counts = {**store.counts, ("web", "Refunded"): store.counts["web", "Page Viewed"]}
    run(installation, NOW + HOUR)
    at, body = installation.memory.snapshot("catalog")
    assert (at, body["events"].keys()) == (NOW + HOUR, {"Order Completed", "Page Viewed", "Refunded"})
    assert body["events"]["Order Completed"]["sources"]["web"] > 10_000


class TestWhatTrackwatchCannotSee:
    def test_a_store_that_is_not_loaded_is_one_incident_and_no_verdict(self, installation, store):
        run(installation, NOW)
        for source, event in store.counts:
            stop(store, source, event, since=NOW, until=NOW + 20 * HOUR)
        run(installation, NOW + 19 * HOUR)
        assert titles(installation) == ["new problem: The store has no new events"]

    def test_a_store_that_is_loaded_again_is_judged_where_judging_stopped(self, installation, store):
        run(installation, NOW)
        before = {key: values.copy() for key, values in store.counts.items()}
        for source, event in store.counts:
            stop(store, source, event, since=NOW)
        run(installation, NOW + 19 * HOUR)
        store.counts = before
        run(installation, NOW + 20 * HOUR)
        assert titles(installation) == [
            "new problem: The store has no new events",
            "resolved: The store has no new events",
        ]

    def test_a_store_that_is_down_is_one_incident_and_its_return_is_told(self, installation, store):
        run(installation, NOW)
        store.down = "connection refused"
        result = run(installation, NOW + 2 * HOUR)
        run(installation, NOW + 3 * HOUR)
        assert isinstance(result.error, StoreError)
        store.down = None
        run(installation, NOW + 4 * HOUR)
        title = "The event store does not answer"
        assert titles(installation) == [f"new problem: {title}", f"resolved: {title}"]

    def test_a_first_run_on_a_store_that_is_down_is_an_error(self, installation, store):
        store.down = "connection refused"
        with pytest.raises(StoreError, match="connection refused"):
            run(installation, NOW)
        assert installation.memory.progress() is None

    def test_an_unreadable_table_is_told_and_its_event_is_not_judged(self, installation, store):
        run(installation, NOW)
        store.failures = (TableFailure("ios.order_completed", ("Order Completed",), "permission denied"),)
        for hour in (12, 13, 37):
            run(installation, NOW + hour * HOUR)
        assert titles(installation) == [
            "new problem: Order Completed cannot be read",
            "still open: Order Completed cannot be read",
        ]
        store.failures = ()
        run(installation, NOW + 39 * HOUR)
        assert titles(installation)[2:] == ["resolved: Order Completed cannot be read"]

    def test_an_empty_store_says_that_it_is_empty(self, installation):
        empty = replace(installation, store=CountStore(START, {}))
        result = run(empty, NOW)
        assert [verdict.finding.kind for verdict in result.verdicts if verdict.problem] == ["not_loaded"]


class TestWhenTellingFails:
    def test_a_message_that_could_not_be_sent_is_sent_by_a_later_run(self, installation, store):
        stop(store, "ios", "Order Completed", since=NOW - 30 * HOUR)
        installation.config.channels["team"].errors.append(DeliveryError("busy", permanent=False))
        run(installation, NOW)
        assert titles(installation) == []
        run(installation, NOW + dt.timedelta(minutes=10))
        assert titles(installation) == ["new problem: Order Completed stopped on ios"]

    def test_a_message_that_never_can_be_sent_ends_as_failed_with_its_reason(self, installation, store):
        stop(store, "ios", "Order Completed", since=NOW - 30 * HOUR)
        installation.config.channels["team"].errors.append(DeliveryError("channel_not_found", permanent=True))
        (outcome,) = run(installation, NOW).outcomes
        assert (outcome.state, outcome.reason) == ("failed", "channel_not_found")
        assert run(installation, NOW + HOUR).outcomes == ()
