"""Does the shipped configuration load, also with all that it shows in comments?"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config import load_config
from monitor.demo.home import demo_config

CONFIG = Path(__file__).parents[2] / "config"
SETTING = re.compile(r"^( *)# ( *[a-z_-]+:(?: .*)?)$", re.MULTILINE)
FOLDERS = ("analytics", "queries", "config/sql", "config/my_checks")  # that the comments name
EXAMPLES = {"drift", "identity"}  # of which the comments name events and properties
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-made-up",
    "SMTP_PASSWORD": "made-up",
    "WEBHOOK_SECRET": "made-up",
    "PAGERDUTY_ROUTING_KEY": "made-up",
    "SLACK_APP_TOKEN": "xapp-made-up",
    "HEARTBEAT_URL": "https://heartbeat.example/made-up",
}


@pytest.fixture
def uncommented(tmp_path):
    """Return the configuration with every commented setting switched on, but for second lines of one check."""
    shutil.copytree(CONFIG, tmp_path / "config")
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    file = tmp_path / "config" / "trackwatch.yml"
    text = file.read_text(encoding="utf-8").replace("# volume:", "## volume:")
    file.write_text(SETTING.sub(r"\1\2", text), encoding="utf-8")
    return file


def test_the_shipped_configuration_needs_no_environment():
    config = load_config(CONFIG / "trackwatch.yml", {})
    assert list(config.channels) == ["terminal"]
    assert config.store.settings.layout == "segment"


def test_all_that_is_commented_out_works_when_it_is_switched_on(uncommented):
    config = load_config(uncommented, SECRETS)
    assert set(config.channels) == {"terminal", "team", "data-team", "any-service", "on-call"}
    assert config.base_url
    assert "unused" not in config.checks


def test_what_the_comments_call_defaults_are_the_defaults(uncommented):
    shown, shipped = load_config(uncommented, SECRETS), load_config(CONFIG / "trackwatch.yml", {})
    assert replace(shown.store, settings=replace(shown.store.settings, against=())) == shipped.store
    assert all(check == shipped.checks[name] for name, check in shown.checks.items() if name not in EXAMPLES)


def test_every_planned_event_says_who_answers_for_it_and_nearly_every_one_why_it_is_there():
    events = load_config(CONFIG / "trackwatch.yml", {}).plan.events
    assert len(events) >= 25
    assert all(event.owner and event.description and event.sources for event in events.values())
    assert [name for name, event in events.items() if not event.answers] == ["Signed Out"]


def test_the_demo_leaves_a_configuration_that_any_command_reads(tmp_path):
    now = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)
    made = demo_config(tmp_path, now)
    read = load_config(tmp_path / "trackwatch.yml", {})
    assert (read.state_url, read.clock) == (f"sqlite:///{tmp_path}/trackwatch.db", now)
    assert (read.store, read.plan) == (made.store, made.plan)
    assert read.store.settings.url == f"duckdb:///{tmp_path}/shop.duckdb"
