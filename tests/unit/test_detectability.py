from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.config import load_config
from monitor.detectability import NAME, Detectability, Why, due
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.testing.counts import CountStore

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = START + 42 * DAY + 3 * HOUR
CONFIG = """
version: 1
plan: plan.yml
store: {url: "duckdb:///unused.duckdb", history: 42d, judge: 1d}
state: ${STATE}
clock: 2026-02-16T03:00:00Z
checks: {volume: {ignore: [Left Out]}, missing: {ignore: [Left Out]}}
"""
EVENTS = ("Order Completed", "Page Viewed", "Rare", "New", "Never", "Left Out")
RATES = {"Page Viewed": 60.0, "Rare": 0.01, "New": 20.0, "Left Out": 20.0}


def traffic(rate: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, 43 * 24).astype(float)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return the configuration of an installation that has run once."""
    folder = tmp_path_factory.mktemp("installation")
    plan = "".join(f"  {name}: {{priority: normal}}\n" for name in EVENTS)
    (folder / "plan.yml").write_text(f"version: 1\nevents:\n{plan}")
    file = folder / "trackwatch.yml"
    file.write_text(CONFIG.replace("${STATE}", f"sqlite:///{folder}/state.db"))
    counts = {("web", name): traffic(rate, seed) for seed, (name, rate) in enumerate(RATES.items())}
    counts |= {(source, "Order Completed"): traffic(8.0, 9 + i) for i, source in enumerate(("web", "ios"))}
    counts["web", "New"][: 40 * 24] = 0
    config = replace(load_config(file), channels={})
    memory = Memory(config.state_url, config.workspace)
    run(Installation(config, CountStore(START, counts), memory), NOW)
    return file


@pytest.fixture(scope="module")
def found(file):
    config = load_config(file)
    kept = Memory(config.state_url, config.workspace).snapshot(NAME)
    assert kept
    return Detectability.from_json(kept[1])


def ask(file, *options: str):
    return CliRunner().invoke(cli, ["detectability", "--config", str(file), *options])


def test_a_run_that_judges_a_day_keeps_what_can_be_seen_once_a_week(file, found):
    config = load_config(file)
    kept = Memory(config.state_url, config.workspace).snapshot(NAME)
    assert (due(None, NOW), due(kept, NOW + DAY), due(kept, NOW + 7 * DAY)) == (True, False, True)


def test_what_comes_more_is_seen_sooner(found):
    many, few = found.of("Page Viewed"), found.of("Order Completed")
    assert many.drop["hour"] < 1.0
    assert many.drop["day"] < few.drop["day"]
    assert many.spike["week"] < few.spike["day"]


def test_a_loss_on_every_source_is_seen_before_a_loss_on_one(found):
    assert found.of("Order Completed").drop["day"] < found.of("Order Completed", "ios").drop["day"]
    assert found.of("Page Viewed", "web") is None, "an event of one source is that source's"


def test_who_is_not_watched_and_why(found):
    rows = {"Rare": Why.RARE, "New": Why.LEARNING, "Never": Why.NEVER_SEEN, "Left Out": Why.IGNORED}
    assert found.unwatched == rows


def test_it_is_said_in_a_table_and_of_one_event_in_sentences(file):
    table = ask(file).output
    assert "while nothing else is wrong, at a budget of 1 false alert a week." in table
    assert "Not watched: Never: it has never come." in table
    said = ask(file, "--event", "Order Completed").output
    assert "Order Completed, on ios alone: a loss of" in said
    assert ask(file, "--event", "Rare").output.startswith("Rare is not watched: it comes too rarely")
    assert "did you mean 'Order Completed'" in str(ask(file, "--event", "Order Complete").exception)


def test_worked_out_anew_it_follows_the_configuration_as_it_is_now(file, found):
    text = file.read_text()
    try:
        file.write_text(text + "budget: {false_alerts_per_week: 0.001}\n")  # 1 is more than one a year for each event
        strict = Detectability.from_json(json.loads(ask(file, "--fresh", "--json").output))
    finally:
        file.write_text(text)
    assert strict.of("Order Completed").drop["day"] > 1.1 * found.of("Order Completed").drop["day"]


def test_what_is_known_for_less_than_a_week_is_too_new_to_say(tmp_path):
    (tmp_path / "plan.yml").write_text("version: 1\nevents: {Order Completed: {}, Left Out: {}}\n")
    (tmp_path / "trackwatch.yml").write_text(CONFIG.replace("${STATE}", f"sqlite:///{tmp_path}/state.db"))
    config = replace(load_config(tmp_path / "trackwatch.yml"), channels={})
    memory = Memory(config.state_url, config.workspace)
    store = CountStore(START + 37 * DAY, {("web", "Order Completed"): traffic(20.0, 1)})
    run(Installation(config, store, memory), NOW)
    kept = memory.snapshot(NAME)
    assert kept
    assert Detectability.from_json(kept[1]).unwatched["Order Completed"] is Why.LEARNING
