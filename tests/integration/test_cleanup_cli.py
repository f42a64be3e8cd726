"""`trackwatch plan cleanup`, from what is remembered."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from checks.base import Finding
from monitor.cli import cli
from monitor.history.memory import Memory
from monitor.incidents import Incident, Subject
from monitor.severity import Severity
from monitor.usage.survey import Survey

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PLAN = """\
# our plan
events:
  Order Completed:
    properties:
      coupon: string  # nobody knows
      total: integer
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "plan.yml").write_text(PLAN)
    file = tmp_path / "trackwatch.yml"
    state = f"sqlite:///{tmp_path}/state.db"
    file.write_text(f"plan: plan.yml\nstore: {{url: 'duckdb:///none.duckdb'}}\nstate: '{state}'\n")
    finding = Finding(
        check="unused", kind="always_null", event="Order Completed", property="coupon", text="It is empty."
    )
    incident = Incident(
        id="inc_1", subject=Subject("unused.always_null", "Order Completed", "coupon"), severity=Severity.INFO,
        started=NOW, last_seen=NOW, findings=(finding,),
    )  # fmt: skip
    memory = Memory(f"sqlite:///{tmp_path}/state.db", "production")
    memory.note([incident], [])
    memory.put_snapshot("usage", NOW, Survey(texts=12, failed=1, unread=(("a.sql", "line 1: no"),)).to_json())
    return file


def ask(config, *options: str) -> str:
    result = CliRunner().invoke(cli, ["plan", "cleanup", "--config", str(config), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_says_what_to_do_and_what_could_not_be_read(config):
    assert ask(config) == (
        "1 things to clean up, 0 values in all, the safest first\n\n"
        "2. stop sending it, drop the column: it is empty (0 values)\n   It is empty.\n\n"
        "12 texts of SQL were looked at, 1 of them could not be read.\n   a.sql: line 1: no\n"
    ).replace("1 things", "1 thing")


def test_the_diff_takes_out_the_line_and_leaves_the_rest(config):
    removed = [
        line for line in ask(config, "--diff").splitlines() if line.startswith("-") and not line.startswith("---")
    ]
    assert removed == ["-      coupon: string  # nobody knows"]


def test_the_document_has_the_same(config):
    found = json.loads(ask(config, "--json"))
    assert [(item["event"], item["property"], item["kinds"]) for item in found["items"]] == [
        ("Order Completed", "coupon", ["always_null"])
    ]
    assert found["usage"]["failed"] == 1
