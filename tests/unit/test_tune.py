"""What is suggested, by marks and by the past, and does it end up in the files as it was tried?"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner

from checks.base import Finding
from checks.plan import Priority
from monitor.calendar import Weekly
from monitor.cli import cli
from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.incidents import Incident, Mark, State, Subject
from monitor.pipeline import Installation, run
from monitor.plan.load import read_plan
from monitor.severity import Severity
from monitor.testing.counts import CountStore
from monitor.tune.days import weekly
from monitor.tune.marks import from_marks
from monitor.tune.suggestion import drafts
from monitor.tune.trial import with_changes

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = START + 49 * DAY + 3 * HOUR
CONFIG = """\
# ours
plan: plan.yml
store: {url: 'duckdb:///none.duckdb', history: 35d, judge: 7d, lateness: 1h}
clock: 2026-02-23T03:00:00Z
checks:
  volume: {min_drop: 20%}   # as it came
channels: {team: {kind: console}}
"""
PLAN = """\
questions: {sales: {ask: How much do we sell?}, coupons: {ask: Do coupons pay?}}
events:
  Order Completed: {answers: [sales]}
  Order Paid: {answers: [sales]}
  Menu Opened: {priority: critical}  # somebody thought so
  Coupon Applied: {priority: low, answers: [coupons]}
  Page Viewed: {}
  Cart Viewed: {}
  Signed In:
"""
NAMES = ("Order Completed", "Menu Opened", "Coupon Applied", "Page Viewed", "Cart Viewed", "Signed In")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("trackwatch.yml").write_text(CONFIG)
    Path("plan.yml").write_text(PLAN)
    return load_config()


def incident(
    number: int, mark: Mark | None, event: str = "Order Completed", effect: float = -0.3, **fields
) -> Incident:
    started = fields.pop("started", START + number * DAY)
    check, kind = fields.pop("what", ("volume", "drop"))
    finding = Finding(check=check, kind=kind, event=event, effect=effect, p_value=1e-9)
    return Incident(
        id=f"inc_{number}", subject=Subject("loss", event), severity=Severity.WARNING, started=started,
        last_seen=started + fields.pop("lasted", 3 * HOUR), resolved=started + DAY, findings=(finding,),
        state=State.RESOLVED, mark=mark, **fields,
    )  # fmt: skip


def noise(*effects: float, **fields) -> list[Incident]:
    return [incident(i, Mark.NOISE, effect=effect, **fields) for i, effect in enumerate(effects)]


def useful(*effects: float, **fields) -> list[Incident]:
    return [incident(100 + i, Mark.USEFUL, effect=effect, **fields) for i, effect in enumerate(effects)]


def suggested(config, incidents) -> list[str]:
    return [each.what for each in from_marks(config, read_plan(config.plan_path), incidents)]


RULE = "Coupon Applied: priority high instead of low"  # no other event answers its question


@pytest.mark.parametrize(
    ("incidents", "told"),
    [
        pytest.param([], [], id="nobody said anything"),
        pytest.param(noise(-0.22, -0.3), [], id="two are too few"),
        pytest.param(
            [*noise(-0.22, -0.3, -0.28), *useful(-0.6)],
            ["volume.min_drop: 35 % instead of 20 %"],
            id="all noise is smaller than all that was useful",
        ),
        pytest.param([*noise(-0.22, -0.3, -0.28), *useful(-0.25)], [], id="noise and useful overlap"),
        pytest.param(
            [*noise(-0.9, -1.0, -0.95, event="Page Viewed"), *useful(-0.4)],
            ["volume ignores Page Viewed"],
            id="noise of one event, as large as anything",
        ),
        pytest.param(
            [*noise(-0.9, -1.0, -0.95, event="Menu Opened", what=("parity", "client_server"))],
            ["parity ignores Menu Opened"],
            id="a check without a minimum effect of that kind",
        ),
        pytest.param(
            useful(-0.5, -0.9),
            ["Order Completed: priority high instead of normal"],
            id="useful twice, and a question depends on it",
        ),
        pytest.param(useful(-0.5, -0.9, event="Page Viewed"), [], id="useful twice, and no question depends on it"),
        pytest.param(
            [incident(i, Mark.NOISE, "Menu Opened", what=(c, "x")) for i, c in enumerate(("pii", "drift", "order"))],
            ["Menu Opened: priority high instead of critical"],
            id="critical, and nothing but noise of several checks",
        ),
    ],
)  # fmt: skip
def test_what_marks_speak_for(config, incidents, told):
    assert [each for each in suggested(config, incidents) if each != RULE] == told


def test_the_files_with_a_suggestion_keep_everything_else_and_mean_what_was_suggested(config):
    marks = [*noise(-0.9, -1, -1, event="Menu Opened"), *useful(-0.6, -0.7)]
    found = from_marks(config, read_plan(config.plan_path), marks)
    texts, changed = drafts(found), with_changes(config, found)
    assert "volume: {min_drop: 20%, ignore: [Menu Opened]}   # as it came" in texts[config.file]
    assert "Order Completed: {answers: [sales], priority: high}" in texts[config.plan_path]
    assert changed.checks["volume"].ignore == {"Menu Opened"}
    assert changed.plan.priority("Order Completed") is Priority.HIGH
    assert load_config() == config, "nothing was written"


@pytest.mark.parametrize(
    ("mark", "dates", "found"),
    [
        pytest.param(Mark.NOISE, (6, 13, 20), True, id="three Sundays at the same hours"),
        pytest.param(Mark.NOISE, (6, 8, 10), False, id="three days of one week"),
        pytest.param(Mark.USEFUL, (6, 13, 20), False, id="somebody was glad to know"),
        pytest.param(None, (6, 13, 20), False, id="nobody said that it was noise"),
    ],
)
def test_hours_that_come_back_every_week_are_left_out(config, mark, dates, found):
    group = [
        incident(i, mark, started=START + day * DAY + 2 * HOUR, lasted=2 * HOUR + i * HOUR / 2)
        for i, day in enumerate(dates)
    ]
    suggestions = weekly(config, group)
    assert [each.what for each in suggestions] == (["Sun 02:00 to 05:00 is left out every week"] if found else [])
    for each in suggestions:
        window = with_changes(config, [each]).exclusions[-1]
        assert window == Weekly(frozenset({6}), dt.time(2), dt.time(5), "comes back every week", ZoneInfo("UTC"))


@pytest.fixture
def watched(config):
    """Return an installation that has seen a day on which all events halved, and a drop that people called noise."""
    hours = np.arange(50 * 24)
    wave = 1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
    counts = {
        ("web", name): np.random.default_rng(i).poisson(30 * (i + 1) * wave).astype(float)
        for i, name in enumerate(NAMES)
    }
    for values in counts.values():
        values[40 * 24 : 41 * 24] = values[40 * 24 : 41 * 24] // 2
    counts["web", "Page Viewed"][45 * 24 + 9 : 45 * 24 + 20] *= 0.5
    memory = Memory(config.state_url, config.workspace)
    run(Installation(replace(config, channels={}), CountStore(START, counts), memory), NOW)
    return config


def ask(*options: str):
    result = CliRunner().invoke(cli, ["tune", "--from", "2026-02-14", "--to", "2026-02-17", *options])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_a_day_on_which_everything_halved_is_suggested_as_a_holiday_tried_and_written(watched):
    found, _ = json.loads(ask("--json"))["suggestions"]
    assert found["about"] == "holiday"
    assert found["evidence"][0].startswith("6 of 6 events came far less often than usual, by 50 % in the median")
    assert found["tried"]["lost"], "the alert of that day is not told any more"
    assert "+holidays: [{date: 2026-02-14, name: a day unlike others}]" in ask("--diff", "--untried")
    assert load_config() == watched, "nothing is changed silently"
    assert "Sat 14 Feb 2026 is declared as a holiday" in ask("--write", "--untried")
    assert [each.start for each in load_config().exclusions] == [START + 40 * DAY]
    assert Path("trackwatch.yml").read_text().startswith(CONFIG)
    assert ask("--untried").startswith("Nothing to suggest"), "what is declared is not suggested again"
