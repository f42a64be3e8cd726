"""What becomes of incidents and messages when processes, databases, channels, disks and clocks fail?"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest
from servers.mail import mail
from sqlalchemy import event

from monitor.alerts.channels.slack import Slack
from monitor.alerts.deliver import State
from monitor.config import Config, load_config
from monitor.errors import StateError
from monitor.history.memory import Memory, Step
from monitor.pipeline import Installation, run
from monitor.testing import outlets
from monitor.testing.counts import CountStore
from monitor.testing.instances import serve_for
from monitor.testing.killing import kill_again_and_again
from monitor.testing.memory import Recorder
from monitor.testing.slack import FakeSlack

START = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
NOW = START + dt.timedelta(days=30, hours=13, minutes=20)
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
WORST = 30  # seconds in which another process must have taken over
CONFIG = """
timezone: America/New_York
store: {url: "duckdb:///unused.duckdb", history: 21d, judge: 1d}
checks: {unused: {enabled: false}, schema: {enabled: false}, duplicates: {enabled: false}}
"""
OPENED, RESOLVED = "new problem: Order Completed stopped on web", "resolved: Order Completed stopped on web"


@dataclass
class Windows(Memory):
    """A memory that notes which stretches were judged and kept, for all that share a list."""

    judged: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)

    def __init__(self, url: str, judged: list[tuple[dt.datetime, dt.datetime]]) -> None:
        super().__init__(url, "production")
        self.judged = judged

    def keep(self, step: Step) -> None:
        super().keep(step)
        if step.before and step.before.begun:
            self.judged.append((step.before.judged_until, step.progress.judged_until))


def once(judged: list[tuple[dt.datetime, dt.datetime]]) -> bool:
    """Say whether stretches follow each other without a gap and without an overlap."""
    return all(a[1] == b[0] for a, b in pairwise(judged))


@pytest.fixture
def store():
    """Return a store in which an event stops for four hours, two hours after NOW."""
    counts = np.random.default_rng(3).poisson(40, 24 * 70).astype(float)
    first = int((NOW - START) / HOUR) + 2
    counts[first : first + 4] = 0
    rest = np.random.default_rng(4).poisson(40, 24 * 70).astype(float)
    return CountStore(START, {("web", "Order Completed"): counts, ("web", "Page Viewed"): rest})


@pytest.fixture
def config(tmp_path) -> Config:
    (tmp_path / "trackwatch.yml").write_text(CONFIG)
    return replace(load_config(tmp_path / "trackwatch.yml"), channels={"team": Recorder()})


def told(config: Config) -> list[str]:
    return [f"{message.reason}: {message.title}" for message, _ in config.channels["team"].sent]


def hourly(config: Config, store: CountStore, memory: Memory, hours: int, since: dt.datetime = NOW) -> None:
    for hour in range(hours):
        run(Installation(config, store, memory), since + hour * HOUR)


@pytest.fixture
def told_by(tmp_path):
    """Return channels of all kinds, each with a server that counts what came."""
    with ExitStack() as stack:
        opened = {
            "slack": outlets.slack(),
            "webhook": outlets.webhook(),
            "pagerduty": outlets.pagerduty(),
            "mail": mail(tmp_path, looked_into=False),
            "mailbox": mail(tmp_path, looked_into=True),
        }
        yield {kind: stack.enter_context(outlet) for kind, outlet in opened.items()}


@pytest.mark.parametrize("state", ["sqlite", "postgres"])
def test_killed_at_any_moment_nothing_is_lost_or_told_twice(state, tmp_path, request, told_by):
    url = f"sqlite:///{tmp_path}/state.db" if state == "sqlite" else request.getfixturevalue("postgres_database")
    found = kill_again_and_again(url, tmp_path, 6, told_by)
    assert (found.killed, found.same) == (6, True)
    assert {kind: told.lost for kind, told in found.told.items()} == dict.fromkeys(told_by, 0)
    assert {kind: told.twice for kind, told in found.told.items() if kind != "mail"} == dict.fromkeys(
        ["slack", "webhook", "pagerduty", "mailbox"], 0
    )
    assert all(told.came_twice <= told.admitted for told in found.told.values())


@pytest.fixture
def cutting(postgres_database, postgres_url):
    """Return a context in which the connections to the database are cut all the time."""
    database, over = postgres_database.split("@/")[1].split("?")[0], threading.Event()

    def cut() -> None:
        with psycopg.connect(postgres_url, autocommit=True) as server:
            while not over.wait(0.005):
                mine = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
                server.execute(mine, [database])

    thread = threading.Thread(target=cut)

    @contextmanager
    def run_it() -> Iterator[None]:
        thread.start()
        yield
        over.set()
        thread.join()

    return run_it


def test_a_state_database_whose_connections_are_cut_loses_and_repeats_nothing(
    config, store, postgres_database, cutting
):
    memory, failed = Memory(postgres_database, "production"), 0
    with FakeSlack() as slack:
        channel = Slack(token=slack.token, channel="C0ALERTS1", base_url=slack.url)
        config = replace(config, channels={"team": channel})
        run(Installation(config, store, memory), NOW)
        with cutting():
            for hour in range(1, 10):
                try:
                    run(Installation(config, store, memory), NOW + hour * HOUR)
                except StateError:
                    failed += 1
        hourly(config, store, memory, 4, NOW + 10 * HOUR)
        posted = Counter(
            message.metadata["event_payload"]["outbox_id"] for message in slack.messages if message.metadata
        )
    assert failed
    assert set(posted.values()) == {1}
    assert {entry.state for entry in memory.outbox.listed()} == {State.SENT}


def test_a_slack_that_is_down_for_six_hours_gets_each_message_once_when_it_is_back(config, store, tmp_path):
    memory = Memory(f"sqlite:///{tmp_path}/state.db", "production")
    channel = Slack(token="xoxb-fake", channel="C0ALERTS1", base_url="http://127.0.0.1:9/api/")
    down = replace(config, channels={"team": channel})
    hourly(down, store, memory, 7)
    assert memory.vitals().waiting[0].number == 1
    with FakeSlack() as slack:
        up = replace(config, channels={"team": replace(channel, base_url=slack.url)})
        hourly(up, store, memory, 5, NOW + 7 * HOUR)
        assert len(slack.roots()) == 1
        assert [entry.state for entry in memory.outbox.listed()] == [State.SENT, State.SENT]


def test_a_disk_that_is_full_tells_nothing_and_what_was_missed_is_judged_when_there_is_room(config, store, tmp_path):
    memory = Memory(f"sqlite:///{tmp_path}/state.db", "production")
    hourly(config, store, memory, 3)
    full = [True]

    @event.listens_for(memory._engine, "begin")
    def _(connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() if full[0] else 1_000_000
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    failed = 0
    for hour in range(3, 8):
        try:
            run(Installation(config, store, memory), NOW + hour * HOUR)
        except StateError as error:
            failed += "full" in str(error)
    full[0] = False
    assert failed
    hourly(config, store, memory, 5, NOW + 8 * HOUR)
    assert told(config) == [OPENED, RESOLVED]


@pytest.mark.parametrize("at", [2, 5, 11], ids=["before a problem", "in one", "after one"])
def test_a_clock_that_is_set_back_an_hour_changes_nothing(config, store, tmp_path, at):
    judged: list[tuple[dt.datetime, dt.datetime]] = []
    memory = Windows(f"sqlite:///{tmp_path}/state.db", judged)
    hourly(config, store, memory, at)
    hourly(config, store, memory, 14 - at, NOW + (at - 2) * HOUR)
    assert told(config) == [OPENED, RESOLVED]
    assert once(judged)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(dt.datetime(2026, 3, 8, 7, tzinfo=dt.UTC), id="clocks go forward"),
        pytest.param(dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC), id="clocks go back"),
    ],
)
def test_on_days_on_which_clocks_change_each_window_is_judged_once(config, tmp_path, change):
    since = change - 15 * HOUR + 20 * MINUTE
    start = since.replace(hour=0, minute=0) - dt.timedelta(days=25)
    counts = np.random.default_rng(5).poisson(40, 24 * 30).astype(float)
    judged: list[tuple[dt.datetime, dt.datetime]] = []
    hourly(
        config,
        CountStore(start, {("web", "Page Viewed"): counts}),
        Windows(f"sqlite:///{tmp_path}/s.db", judged),
        30,
        since,
    )
    assert once(judged)
    assert judged[-1][1] - judged[0][0] >= 27 * HOUR
    assert told(config) == []
    local = [at.astimezone(ZoneInfo(config.zone)).utcoffset() for _, at in judged]
    assert len(set(local)) == 2


def test_with_three_processes_and_a_kill_every_twenty_minutes_each_window_is_judged_once(tmp_path, postgres_database):
    found = serve_for(2, postgres_database, tmp_path)
    assert (found.kills, found.due, found.evaluated, found.twice) == (6, 3, 3, 0)
    assert found.most_leaders == 1
    assert found.waits
    assert max(found.waits) <= WORST
    assert (found.told.lost, found.told.twice, found.same) == (0, 0, True)
