"""Does a replay of the past come to what the service came to, and say so to people and programs?"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from monitor.backtest.checkpoint import Checkpoint
from monitor.backtest.comparison import Change, compare
from monitor.backtest.past import Past, read, remembered
from monitor.backtest.replay import Replayed, replay, resume
from monitor.cli import main
from monitor.config import Budget, Config, load_config
from monitor.history.memory import Memory
from monitor.incidents import Incident
from monitor.pipeline import Installation, run
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SINCE, UNTIL = START + 35 * DAY, START + 40 * DAY
CONFIG = """\
store: {url: 'duckdb:///shop.duckdb', history: 28d, judge: 1d, lateness: 1h}
plan: plan.yml
channels: {team: {kind: console}}
"""
PLAN = "events: {Order Completed: {priority: critical}, Page Viewed: {}}\n"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    Path("trackwatch.yml").write_text(CONFIG)
    Path("plan.yml").write_text(PLAN)
    return replace(load_config(), channels={"team": Recorder()})


@pytest.fixture
def store() -> CountStore:
    """Return a store in which orders stop on ios for a day and a half, and page views halve for a day."""
    hours = np.arange(45 * 24)
    wave = 1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
    rng = np.random.default_rng(11)
    counts = {
        (source, event): rng.poisson(mean * wave).astype(float)
        for (source, event), mean in {
            ("ios", "Order Completed"): 40,
            ("web", "Order Completed"): 60,
            ("web", "Page Viewed"): 200,
        }.items()
    }
    counts["ios", "Order Completed"][36 * 24 + 7 : 37 * 24 + 19] = 0
    counts["web", "Page Viewed"][38 * 24 : 39 * 24] *= 0.5
    return CountStore(START, counts)


@pytest.fixture
def past(config: Config, store: CountStore) -> Past:
    return read(config, store, "sqlite:///cache.db", (SINCE, UNTIL), lambda _done, _of: None)


def last(config: Config, past: Past) -> Replayed:
    *_, replayed = replay(config, past, SINCE, UNTIL)
    return replayed


def outcome(incidents: tuple[Incident, ...]) -> set[tuple[object, ...]]:
    return {(i.id, i.started, i.resolved, i.severity, i.state) for i in incidents}


def test_a_replay_finds_and_tells_what_the_service_found_and_told_hour_by_hour(
    config: Config, store: CountStore, past: Past
):
    since, until = SINCE + DAY, SINCE + 3 * DAY  # from the stop to its end
    live = Installation(config, store, Memory("sqlite:///live.db", "production"))
    for hour in range(int((until - since) / HOUR) + 1):
        run(live, since + HOUR + hour * HOUR)
    *_, replayed = replay(config, past, since, until)
    told = [(message.incident, message.reason, message.title) for message, _ in config.channels["team"].sent]
    assert outcome(replayed.incidents) == outcome(live.memory.incidents(since=START))
    assert [(each.incident, each.reason, each.title) for each in replayed.told] == told
    assert len(told) >= 2


def test_nothing_that_came_later_changes_a_verdict(config: Config, store: CountStore, past: Past):
    middle = SINCE + 2 * DAY
    *_, short = replay(config, past, SINCE, middle)
    *_, whole = (day for day in replay(config, past, SINCE, UNTIL) if day.until <= middle)
    assert (short.problems, short.told, short.tests) == (whole.problems, whole.told, whole.tests)


def test_what_trackwatch_remembers_and_what_the_store_says_come_to_the_same(
    config: Config, store: CountStore, past: Past
):
    memory = Memory("sqlite:///live.db", "production")
    run(Installation(config, store, memory), SINCE + HOUR)
    run(Installation(config, store, memory), UNTIL + 2 * HOUR)
    longer = replace(config, store=replace(config.store, history=past.since and SINCE - past.since))
    known = remembered(longer, memory, SINCE, UNTIL)
    assert known is not None
    assert outcome(last(longer, known).incidents) == outcome(last(config, past).incidents)


def test_a_past_that_memory_does_not_reach_is_not_remembered(config: Config, store: CountStore):
    memory = Memory("sqlite:///live.db", "production")
    assert remembered(config, memory, SINCE, UNTIL) is None
    run(Installation(config, store, memory), SINCE + HOUR)
    assert remembered(config, memory, SINCE, UNTIL) is None


def test_a_replay_that_was_stopped_goes_on_where_it_was(config: Config, past: Past):
    begin = Replayed(since=SINCE, until=SINCE)
    checkpoint = Checkpoint("sqlite:///cache.db", config, past, begin, UNTIL)
    assert checkpoint.load() == begin
    days = replay(config, past, SINCE, UNTIL)
    next(days)
    checkpoint.save(next(days))
    again = Checkpoint("sqlite:///cache.db", config, past, begin, UNTIL).load()
    assert again.until == SINCE + 2 * DAY
    *_, resumed = resume(config, past, again, UNTIL)
    assert outcome(resumed.incidents) == outcome(last(config, past).incidents)
    assert resumed.told == last(config, past).told
    stricter = replace(config, budget=Budget(0.01))
    assert Checkpoint("sqlite:///cache.db", stricter, past, begin, UNTIL).load() == begin
    checkpoint.clear()
    assert checkpoint.load() == begin


def test_a_reading_that_is_there_is_not_asked_for_again(config: Config, store: CountStore, past: Past):
    asked = len(store.asked)
    again = read(config, store, "sqlite:///cache.db", (SINCE, UNTIL), lambda _done, _of: None)
    assert len(store.asked) == asked + 1  # the last chunk, which may have grown
    assert outcome(last(config, again).incidents) == outcome(last(config, past).incidents)


def test_a_configuration_beside_itself_changes_nothing(config: Config, past: Past):
    ours = last(config, past)
    assert {pair.change for pair in compare(ours, ours)} == {Change.SAME}


def test_what_a_configuration_leaves_out_is_lost_and_the_other_way_round_gained(config: Config, past: Past):
    ours, theirs = last(config, past), last(replace(config, checks={}), past)
    assert {pair.change for pair in compare(ours, theirs)} == {Change.LOST}
    assert {pair.change for pair in compare(theirs, ours)} == {Change.GAINED}


def fill() -> None:
    """Write a shop's database whose orders stop on the 36th day."""
    rng = np.random.default_rng(3)
    rows = [
        (f"{hour}-{i}", "web", event, START.replace(tzinfo=None) + dt.timedelta(hours=hour, seconds=60 * i))
        for event, mean in (("Order Completed", 8), ("Page Viewed", 12))
        for hour, count in enumerate(rng.poisson(mean, 40 * 24))
        for i in range(0 if event == "Order Completed" and 36 * 24 <= hour < 38 * 24 else count)
    ]
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute(
            "CREATE TABLE events (id TEXT, source TEXT, event TEXT, received_at TIMESTAMP, properties JSON)"
        )
        frame = pd.DataFrame(rows, columns=["id", "source", "event", "received_at"])
        connection.register("frame", frame)
        connection.execute("INSERT INTO events SELECT *, '{}' FROM frame")


def backtest(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    try:
        main(["backtest", "--from", "2026-02-09", "--to", "2026-02-14", *options])
    except SystemExit as end:
        return (int(end.code or 0), *capsys.readouterr())
    raise AssertionError("a command ends")


def test_people_read_alerts_a_week_beside_the_budget(config: Config, capsys: pytest.CaptureFixture[str]):
    fill()
    code, out, _ = backtest(capsys, "--out", "page.html")
    assert code == 0
    assert "Order Completed stopped" in out
    assert "a week may be false: the budget" in out
    page = Path("page.html").read_text()
    assert "data:image/png;base64," in page
    assert "<script" not in page


def test_programs_get_incidents_messages_and_weeks(config: Config, capsys: pytest.CaptureFixture[str]):
    fill()
    body = json.loads(backtest(capsys, "--json")[1])
    assert body["summary"]["alerts"] == len([m for m in body["messages"] if m["reason"] == "new problem"]) >= 1
    assert body["weeks"][0]["alerts"] == body["summary"]["alerts"]
    assert all(message["channels"] == ["team"] for message in body["messages"])
    assert {incident["id"] for incident in body["incidents"]} >= {message["incident"] for message in body["messages"]}


def test_a_configuration_is_held_against_a_file_and_against_a_revision(
    config: Config, capsys: pytest.CaptureFixture[str]
):
    fill()
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "plan.yml", "trackwatch.yml"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    Path("less.yml").write_text(CONFIG + "checks: {missing: {enabled: false}, volume: {enabled: false}}\n")
    assert "1 lost" in backtest(capsys, "--against", "less.yml")[1]
    assert "0 gained, 0 lost, 0 moved" in backtest(capsys, "--against", "HEAD")[1]
    code, _, err = backtest(capsys, "--against", "no-such-thing")
    assert (code, err) == (2, "trackwatch: --against: no-such-thing is neither a file nor a Git revision\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--to", "2026-02-09"], "is not after --from", id="an end before the start"),
        pytest.param(["--to", "2999-01-01"], "is not over yet", id="a day that is to come"),
        pytest.param(["--from", "soon"], "does not match the format", id="no date"),
    ],
)
def test_a_mistake_ends_with_2(config: Config, capsys: pytest.CaptureFixture[str], options: list[str], said: str):
    code, _, err = backtest(capsys, *options)
    assert code == 2
    assert said in err
