"""An installation that has run once on a shop in which two events stopped, one of them with a hostile name."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from monitor.config import Config, load_config
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.serving import Serving
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder
from monitor.web.app import create_app

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
NOW = START + dt.timedelta(days=56, hours=13, minutes=20)
HOSTILE = "<script>document.title='owned'</script>'; DROP TABLE incident;--"
AWKWARD = "a//b/../c?d=e#f%2F"
CONFIG = """
version: 1
plan: plan.yml
store: {url: "duckdb:///unused.duckdb", history: 35d, judge: 3d}
checks: {unused: {enabled: false}, schema: {enabled: false}, duplicates: {enabled: false}}
"""
PLAN = f"""
version: 3
questions:
  revenue: {{ask: "How much do we sell?", owner: finance}}
  <b>reach</b>: {{ask: "<b>Whom</b> do we reach?"}}
events:
  Order Completed:
    description: A customer paid.
    priority: critical
    owner: checkout@acme.example
    answers: [revenue]
    properties:
      total: {{type: number, required: true, description: With tax.}}
      "<img src=x onerror=alert(1)>": {{type: string}}
  "{HOSTILE}": {{answers: [<b>reach</b>]}}
changes:
  - {{version: 3, date: 2026-02-01, event: Order Completed, what: "total is <i>gross</i>", why: tax}}
"""


def traffic(mean: float, seed: int) -> np.ndarray:
    """Return Poisson counts by hour with a daily wave."""
    hours = np.arange(9 * 7 * 24)
    wave = 1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
    return np.random.default_rng(seed).poisson(mean * wave).astype(float)


@pytest.fixture(scope="session")
def remembered(tmp_path_factory) -> Path:
    """Return a folder with the configuration and the state of an installation that has run once."""
    home = tmp_path_factory.mktemp("pages")
    (home / "trackwatch.yml").write_text(CONFIG)
    (home / "plan.yml").write_text(PLAN)
    names = [("web", "Order Completed"), ("ios", "Order Completed"), ("web", HOSTILE), ("web", AWKWARD)]
    counts = {name: traffic(40 * (i + 1), seed=i) for i, name in enumerate(names)}
    for name, hours in ((names[1], 30), (names[2], 40)):
        counts[name][56 * 24 + 13 - hours :] = 0
    config = replace(load_config(home / "trackwatch.yml"), channels={"team": Recorder()})
    run(Installation(config, CountStore(START, counts), Memory(config.state_url, config.workspace)), NOW)
    return home


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of an installation, and what is behind them."""

    app: Flask
    config: Config
    memory: Memory

    @property
    def client(self) -> FlaskClient:
        """Return a new browser, of the simplest kind."""
        return self.app.test_client()

    def incident(self, event: str) -> str:
        """Return the id of the incident about an event."""
        return next(each.id for each in self.memory.incidents() if event in each.events)


@pytest.fixture
def pages(remembered, tmp_path) -> Callable[..., Pages]:
    """Return `pages(base_url=None, **serving)`: the pages of a copy of the installation."""

    def make(base_url: str | None = None, **serving: object) -> Pages:
        home = tmp_path / "home"
        shutil.copytree(remembered, home, dirs_exist_ok=True)
        config = load_config(home / "trackwatch.yml")
        config = replace(config, channels={"team": Recorder()}, base_url=base_url, web=Serving(**serving))
        memory = Memory(config.state_url, config.workspace)
        return Pages(create_app(config, memory, lambda: NOW), config, memory)

    return make


def token(page: str) -> str:
    """Return the token that a page's form sends back."""
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
