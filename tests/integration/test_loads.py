"""Sources that are loaded at their own pace, and a past that is read in pieces; a real state database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.incidents import State
from monitor.pipeline import Installation, run
from monitor.summary import as_text
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
NOW = START + dt.timedelta(days=49, hours=13, minutes=20)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
CONFIG = """
version: 1
plan: plan.yml
store: {url: "duckdb:///unused.duckdb", history: 42d, judge: 2d}
"""


@pytest.fixture
def store():
    hours = np.arange(60 * 24)
    wave = 1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
    draw = np.random.default_rng(7).poisson
    counts = {
        (source, event): draw(60 * wave).astype(float)
        for source in ("web", "ios")
        for event in ("Order Completed", "Page")
    }
    return CountStore(START, counts, loads={"web": HOUR, "ios": 12 * HOUR})


@pytest.fixture
def make(store, tmp_path):
    (tmp_path / "trackwatch.yml").write_text(CONFIG)
    (tmp_path / "plan.yml").write_text("version: 1\nevents:\n  Order Completed: {priority: critical}\n  Page: {}\n")
    config = load_config(tmp_path / "trackwatch.yml")
    only = {name: config.checks[name] for name in ("missing", "volume")}

    def build(name: str = "state") -> Installation:
        fresh = replace(config, checks=only, channels={"team": Recorder()})
        return Installation(fresh, store, Memory(f"sqlite:///{tmp_path}/{name}.db", "production"))

    return build


def titles(installation: Installation) -> list[str]:
    return [f"{message.reason}: {message.title}" for message, _ in installation.config.channels["team"].sent]


def hourly(installation: Installation, since: dt.datetime, hours: int) -> None:
    for hour in range(hours):
        run(installation, since + hour * HOUR)


class TestASourceThatIsLoadedTwiceADay:
    def test_is_not_missing_between_its_loads(self, make):
        installation = make()
        hourly(installation, NOW, 30)
        assert titles(installation) == []
        progress = installation.memory.progress()
        assert progress.judged_until - progress.behind["ios"] <= 8 * HOUR, "its last load was seven hours ago"

    def test_is_late_when_its_load_stays_away_and_others_are_judged_meanwhile(self, make, store):
        installation = make()
        run(installation, NOW)
        store.stuck["ios"] = NOW
        gone = int((NOW + 12 * HOUR - START) / HOUR)
        kept = store.counts["web", "Page"].copy()
        store.counts["web", "Page"][gone:] = 0
        hourly(installation, NOW + HOUR, 30)
        assert titles(installation) == ["new problem: Page stopped on web", "new problem: ios has no new events"]
        store.counts["web", "Page"] = kept
        del store.stuck["ios"]
        hourly(installation, NOW + 31 * HOUR, 12)
        assert set(titles(installation)[2:]) == {"resolved: Page stopped on web", "resolved: ios has no new events"}
        assert installation.memory.progress().behind["ios"] > NOW + 18 * HOUR

    def test_that_stopped_is_found_once_its_load_has_come(self, make, store):
        installation = make()
        run(installation, NOW)
        store.counts["ios", "Page"][int((NOW + 3 * HOUR - START) / HOUR) :] = 0
        hourly(installation, NOW + HOUR, 24)
        assert titles(installation) == ["new problem: Page stopped on ios"]

    def test_is_judged_the_same_when_nobody_looked_for_two_days(self, make, store):
        store.counts["ios", "Page"][int((NOW + 3 * HOUR - START) / HOUR) :] = 0
        there, away = make("there"), make("away")
        run(away, NOW)
        hourly(there, NOW, 49)
        run(away, NOW + 48 * HOUR)
        assert there.memory.progress() == away.memory.progress()
        seen = [
            [(i.id, i.state, i.started, i.last_seen) for i in each.memory.incidents(START)] for each in (there, away)
        ]
        assert seen[0] == seen[1] != []


class _KilledError(Exception):
    """The process is gone."""


class TestTheFirstReading:
    def test_goes_on_where_it_was_killed_and_ends_up_the_same(self, make, store):
        store.counts["web", "Page"][int((NOW - 20 * HOUR - START) / HOUR) :] = 0
        whole, killed = make("whole"), make("killed")
        run(whole, NOW)
        windows, store.asked = [request.since for request in store.asked], []

        def die_at_second(done: int, of: int) -> None:
            if done == 2:
                raise _KilledError

        with pytest.raises(_KilledError):
            run(killed, NOW, on_chunk=die_at_second)
        seen = []
        run(killed, NOW, on_chunk=lambda done, of: seen.append((done, of)))
        assert [request.since for request in store.asked] == windows, "each chunk was read once"
        assert len(windows) == 3
        assert seen == [(1, 1)]
        for what in (Memory.progress, Memory.watermarks, Memory.rhythms, Memory.first_seen, Memory.incidents):
            assert what(killed.memory) == what(whole.memory)
        spans = START - DAY, NOW + DAY
        order = ["source", "event", "measure", "grain", "bucket"]
        points = [each.memory.points(*spans).sort_values(order, ignore_index=True) for each in (whole, killed)]
        assert points[0].equals(points[1])
        assert [incident.state for incident in whole.memory.incidents()] == [State.OPEN]

    def test_of_a_dry_run_remembers_nothing(self, make):
        installation = make()
        run(installation, NOW, dry_run=True)
        assert installation.memory.progress() is None


def test_a_run_says_what_it_does_not_judge_yet_and_why(make, store):
    new = np.zeros(60 * 24)
    new[48 * 24 : 60 * 24] = 20.0  # began two days before the first run
    store.counts["web", "Signed Up"] = new
    installation = make()
    result = run(installation, NOW)
    said = as_text(installation.config, result, 1.0)
    assert dict(result.learning) == {"Signed Up": 1}
    assert "Learning: Signed Up (1 of 3 days)." in said
    assert not any(v.problem for v in result.verdicts if v.finding.event == "Signed Up")


def test_a_source_between_its_loads_waits_and_the_run_says_so(make, store):
    installation = make()
    run(installation, NOW)
    store.stuck["ios"] = NOW  # its next load does not come
    later = NOW + 14 * HOUR
    hourly(installation, NOW, 14)
    said = as_text(installation.config, run(installation, later), 1.0)
    assert "ios waits for its load: judged up to " in said
