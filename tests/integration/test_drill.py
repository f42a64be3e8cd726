"""Are planted faults seen as a full replay would see them, and is that said to people and programs?"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest

from checks.base import Field
from monitor.backtest.past import read
from monitor.backtest.replay import Replayed, Teller, measurements_of, walked
from monitor.cli import main
from monitor.config import Config, load_config
from monitor.drill.drilling import Splice, drilled
from monitor.drill.faults import BY_NAME
from monitor.drill.ground import Ground
from monitor.drill.known import Known, Place
from monitor.drill.session import Refused, session
from monitor.drill.striking import When
from monitor.drill.untouched import untouched
from monitor.evaluate import Evaluation
from monitor.pipeline import composer_of
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SINCE, UNTIL = START + 28 * DAY, START + 37 * DAY
ONSET = SINCE + DAY + 9 * HOUR
CONFIG = """\
store: {url: 'duckdb:///shop.duckdb', history: 28d, judge: 1d, lateness: 1h}
plan: plan.yml
channels: {team: {kind: console}}
"""
PLAN = "events: {Order Completed: {priority: critical}, Page Viewed: {}, Rare: {}}\n"
ORDERS = Place(event="Order Completed", sources=("ios", "web"))


def configured() -> Config:
    Path("trackwatch.yml").write_text(CONFIG)
    Path("plan.yml").write_text(PLAN)
    return replace(load_config(), channels={"team": Recorder()})


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Return a shop in which page views are lost for the last two days."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("drill"))
        config = configured()
        hours = np.arange(40 * 24)
        wave = 1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
        rng = np.random.default_rng(11)
        means = {
            ("ios", "Order Completed"): 40,
            ("web", "Order Completed"): 60,
            ("web", "Page Viewed"): 200,
            ("web", "Rare"): 0.01,
        }
        counts = {key: rng.poisson(mean * wave).astype(float) for key, mean in means.items()}
        counts["web", "Page Viewed"][35 * 24 :] = 0
        past = read(config, CountStore(START, counts), "sqlite:///cache.db", (SINCE, UNTIL), lambda _done, _of: None)
        kept = untouched(config, past, (SINCE, UNTIL), lambda _done, _of: None)
        return Ground.of(config, Known(past, config.plan, UNTIL), kept)


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        pytest.param("stop", ORDERS, id="an event that stops everywhere"),
        pytest.param("stop_platform", Place(event="Order Completed", sources=("ios",)), id="on one platform"),
        pytest.param("drop_50", ORDERS, id="half of an event lost"),
        pytest.param("drop_20", Place(event="Page Viewed", sources=("web",)), id="a fifth lost"),
        pytest.param(
            "rename", Place(event="Order Completed", sources=("ios",)), id="a new name, beside which all are held"
        ),
        pytest.param("double_fire", Place(event="Order Completed", sources=("web",)), id="copies"),
    ],
)
def test_what_is_judged_of_the_fault_alone_is_what_a_full_replay_of_the_planted_copy_comes_to(
    ground: Ground, fault: str, place: Place
):
    alone, whole = replays(ground, fault, place, (ONSET, SINCE + 3 * DAY))
    assert outcome(*alone) == outcome(*whole)


def replays(
    ground: Ground, fault: str, place: Place, span: tuple[dt.datetime, dt.datetime]
) -> list[tuple[Replayed, Evaluation]]:
    """Return what comes of a fault where only what it touches is judged anew, and where everything is."""
    onset, until = span
    splice = Splice(ground, BY_NAME[fault], place, When.of(onset, until, ZoneInfo("UTC")), np.random.default_rng(3))
    points = ground.known.past.points
    whole = pd.concat([points[~points["event"].isin(splice.events)], splice.past.points], ignore_index=True)
    first = {**ground.known.past.first, **splice.past.first}
    planted = measurements_of(ground.config, replace(splice.past, points=whole, first=first), ground.span[1])
    begin = Replayed(since=onset, until=onset, incidents=ground.untouched.at(onset))
    found = []
    for measurements, judged in ((splice.overlaid, splice), (planted, None)):
        teller = Teller(ground.config, composer_of(ground.config))
        *_, last = walked(ground.config, measurements, begin, until, teller, judged)
        found.append(last)
    return found


def outcome(replayed: Replayed, found: Evaluation) -> tuple[object, ...]:
    problems = {(p.finding.check, p.finding.kind, p.finding.source, p.finding.bucket) for p in replayed.problems}
    last = sorted(f"{f.check}.{f.kind} {f.event} {f.p_value or 0:.6g}" for f in (v.finding for v in found.verdicts))
    return replayed.tests, problems, replayed.told, last


DEALT = {  # of a day's messages, by measure and property: the label and the share of each part
    ("nulls", "total"): {"": 0.1},
    ("sizes", "total"): {"1": 0.3, "10": 0.6},
    ("rows.environment", ""): {"(none)": 1.0},
    ("rows.identity", ""): {"uuid": 0.7, "anonymous": 0.3},
}


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Return a shop of eight weeks and two days with six events, whose properties, hosts and ids are measured too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("contents"))
        names = ("Order Completed", *(f"Step {number}" for number in range(5)))
        Path("trackwatch.yml").write_text(CONFIG.replace("28d", "56d"))
        Path("plan.yml").write_text("events: {Order Completed: {properties: {total: {type: number}}}}\n")
        config, rng = replace(load_config(), channels={"team": Recorder()}), np.random.default_rng(7)
        counts = {("web", name): rng.poisson(20, 58 * 24).astype(float) for name in names}
        span = START + 56 * DAY, START + 58 * DAY
        past = read(config, CountStore(START, counts), "sqlite:///cache.db", span, lambda _done, _of: None)
        days = past.points[(past.points["measure"] == "rows") & (past.points["grain"] == "day")]
        dealt = [
            days.assign(measure=measure, property=name, label=label, value=(days["value"] * share).round())
            for (measure, name), labels in DEALT.items()
            for label, share in labels.items()
        ]
        total = tuple(Field(name, "web", "total", "number") for name in names)
        past = replace(
            past,
            points=pd.concat([past.points, *dealt], ignore_index=True),
            catalog=replace(past.catalog, fields=total),
        )
        return Ground.of(config, Known(past, config.plan, span[1]), untouched(config, past, span, lambda *_: None))


TOTAL = Place(event="Order Completed", sources=("web",), property="total")


@pytest.mark.parametrize(
    ("fault", "place", "judged"),
    [
        pytest.param("null", TOTAL, "drift.null_rate", id="an empty property"),
        pytest.param("times_100", TOTAL, "drift.numeric", id="a number a hundred times as large"),
        pytest.param("dev_leak", Place(event=None, sources=("web",)), "environment.leak", id="hosts of a whole source"),
        pytest.param("id_swap", Place(event=None, sources=("web",)), "identity.mixed_format", id="ids of all events"),
        pytest.param("drop_50", replace(TOTAL, property=None), "volume.shift", id="levels held against other events"),
    ],
)
def test_contents_whole_sources_and_levels_are_judged_as_a_full_replay_judges_them(
    contents: Ground, fault: str, place: Place, judged: str
):
    since, until = contents.span
    alone, whole = replays(contents, fault, place, (since + 3 * HOUR, until))
    assert outcome(*alone) == outcome(*whole)
    assert judged in {f"{v.finding.check}.{v.finding.kind}" for v in whole[1].verdicts}, "nothing was compared"


def test_the_untouched_copy_is_quiet_where_a_fault_is_planted_and_loud_where_it_is(ground: Ground):
    drill = drilled(ground, BY_NAME["stop"], ORDERS, ONSET, np.random.default_rng(1))
    assert drill.seen is not None
    assert drill.seen.by == "missing.stopped"
    assert drill.delay is not None
    assert HOUR < drill.delay <= 3 * HOUR
    assert drill.seen.incident.id not in {told.incident for told in ground.untouched.replayed.told}


def test_a_store_that_is_not_loaded_is_seen_by_the_gate_once_its_load_is_overdue(ground: Ground):
    fault = BY_NAME["late_load"]
    place = fault.place(ground.known, "", np.random.default_rng(1))
    drill = drilled(ground, fault, place, ONSET, np.random.default_rng(1))
    assert drill.seen is not None
    assert drill.seen.by == "lateness.not_loaded"
    assert drill.delay == 7 * HOUR  # no rhythm is known, so that six hours are borne


def test_the_same_seed_plants_the_same_faults_and_another_one_others(ground: Ground):
    faults = [BY_NAME["stop"], BY_NAME["drop_50"]]
    first, again, other = (list(session(ground, faults, seed, 1, lambda: True)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_what_is_broken_already_and_what_hardly_comes_is_left_out_and_said(ground: Ground):
    found = list(session(ground, [BY_NAME["drop_20"], BY_NAME["stop_platform"]], 1, 4, lambda: True))
    why = {(each.fault, each.subject): each.why for each in found if isinstance(each, Refused)}
    assert why["drop_20", "Rare"].startswith("comes too rarely")
    assert why["stop_platform", "Page Viewed"] == "comes from one source only"
    assert not any(
        each.onset < START + 35 * DAY < each.end and each.place.event == "Page Viewed"
        for each in found
        if not isinstance(each, Refused)
    )


def test_when_the_time_is_over_no_further_fault_is_planted(ground: Ground):
    left = iter([True, True, False])
    found = [e for e in session(ground, [BY_NAME["stop"]], 1, None, lambda: next(left)) if not isinstance(e, Refused)]
    assert len(found) == 2


# ── The command ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a shop's configuration and database."""
    folder = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(3)
    rows = [
        (f"{event}{hour}-{i}", "web", event, START.replace(tzinfo=None) + dt.timedelta(hours=hour, seconds=60 * i))
        for event, mean in (("Order Completed", 8), ("Page Viewed", 12))
        for hour, count in enumerate(rng.poisson(mean, 36 * 24))
        for i in range(count)
    ]
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE events (id TEXT, source TEXT, event TEXT, received_at TIMESTAMP, properties JSON)"
        )
        frame = pd.DataFrame(rows, columns=["id", "source", "event", "received_at"])
        connection.register("frame", frame)
        connection.execute("INSERT INTO events SELECT *, '{}' FROM frame")
    (folder / "trackwatch.yml").write_text(CONFIG)
    (folder / "plan.yml").write_text(PLAN)
    return folder


def drill(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    try:
        main(["drill", "--from", "2026-01-27", "--to", "2026-02-08", *options])
    except SystemExit as end:
        return (int(end.code or 0), *capsys.readouterr())
    raise AssertionError("a command ends")


def test_people_read_what_was_seen_and_what_survived(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(shop)
    before = (shop / "shop.duckdb").stat().st_mtime_ns
    code, out, err = drill(capsys, "--each", "1", "--fault", "stop", "--fault", "stop_platform", "--out", "page.html")
    assert code == 0
    assert "1 of 1 planted faults were seen" in out
    assert "missing.stopped 1" in out
    assert "could not be planted anywhere: comes from one source only (2)" in out
    page = Path("page.html").read_text()
    assert "missing.stopped 1" in page
    assert "<script" not in page
    assert (shop / "shop.duckdb").stat().st_mtime_ns == before
    assert "page.html" in err


def test_programs_get_each_fault_with_the_finding_and_the_incident_by_which_it_was_seen(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(shop)
    body = json.loads(drill(capsys, "--each", "1", "--fault", "stop", "--json")[1])
    assert [one] if (one := body["drills"][0]) and len(body["drills"]) == 1 else None
    assert body["incidents"][one["incident"]]["events"] == [one["event"]]
    assert body["findings"][one["finding"]]["kind"] == "stopped"
    assert body["summary"]["planted"] == body["summary"]["seen"] == 1
    assert {"alerts", "alerts_per_week", "budget"} <= body["summary"]["untouched"].keys()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        pytest.param(["--fail-under", "100%", "--each", "1", "--fault", "stop"], 0, "", id="as many as were asked for"),
        pytest.param(["--fail-under", "much"], 2, "write it as 80% or 0.8", id="no share"),
        pytest.param(["--fault", "fire"], 2, "there is no such class", id="no class of faults"),
        pytest.param(["--from", "2026-02-08"], 2, "is not before 2026-02-08, where it ends", id="no time"),
        pytest.param(["--to", "2999-01-01"], 2, "is not over yet", id="a day that is to come"),
    ],
)
def test_a_drill_ends_with_what_a_pipeline_can_act_on(
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
):
    monkeypatch.chdir(shop)
    ended, _, err = drill(capsys, *options)
    assert ended == code
    assert said in err
