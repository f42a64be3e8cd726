"""From databases to problems: a client that loses more than usual, orders that nobody sent, a pipe that complains."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb
import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.stores.opening import open_store
from monitor.testing.memory import Recorder

NOW = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)  # the last day that is over is Sunday, 1 March
CONFIG = """
version: 1
plan: plan.yml
store:
  url: duckdb:///{0}/shop.duckdb
  layout: segment
  sources: [web, server]
  lateness: 1h
  history: 42d
  judge: 1d
parity:
  orders: {{url: "duckdb:///{0}/ledger.duckdb", table: orders, time: made, key: number, event: Order Completed}}
"""
PLAN = """
events:
  Order Completed:
    sources: {server: authoritative, web: mirror}
    properties: {order_id: {type: string, key: true}}
"""
# forty orders an hour; `i` is their number, `day` counts from the first of six weeks; a little of the next day has come
ORDERS = """
    SELECT CAST(i AS VARCHAR) AS n, i, i // 960 AS day, i * 19 % 100 AS luck,
      TIMESTAMP '2026-01-19' + to_seconds(i * 90) AS sold
    FROM range(42 * 960 + 100) AS r(i)"""
COLUMNS = "n AS id, sold + INTERVAL 2 SECOND AS received_at, sold AS timestamp, n AS order_id, 'u' || i AS anonymous_id"


def shop(folder, lost=8, unsent=0, tracks="1", wrong="NULL"):
    """Make a shop whose web source loses 8 of 100 orders, and on the last day `lost`; its server `unsent` of them."""
    last = "day = 41"
    with duckdb.connect(f"{folder}/shop.duckdb") as made:
        for source, kept in (
            ("server", f"NOT ({last} AND luck < {unsent})"),
            ("web", f"luck >= CASE WHEN {last} THEN {lost} ELSE 8 END"),
        ):
            made.execute(f"CREATE SCHEMA {source}")
            made.execute(
                f"CREATE TABLE {source}.order_completed AS SELECT 'x' || {COLUMNS},"
                f" CASE WHEN {last} THEN {wrong} END AS context_protocols_violations FROM ({ORDERS}) WHERE {kept}"
            )
        made.execute(
            "CREATE TABLE web.tracks AS SELECT id, received_at, 'order_completed' AS event FROM web.order_completed"
            f" WHERE {tracks}"
        )
    with duckdb.connect(f"{folder}/ledger.duckdb") as made:
        made.execute(f"CREATE TABLE orders AS SELECT i AS number, sold AS made FROM ({ORDERS})")
    (folder / "trackwatch.yml").write_text(CONFIG.format(folder))
    (folder / "plan.yml").write_text(PLAN)
    return folder / "trackwatch.yml"


def found(file):
    """Return the kind and the sentence of each problem of the two checks in a first run."""
    config = load_config(file)
    only = {name: config.checks[name] for name in ("parity", "verdicts")}
    config = replace(config, checks=only, channels={"team": Recorder()})
    store = open_store(config.store.settings, config.plan)
    result = run(Installation(config, store, Memory(config.state_url, "production")), NOW)
    store.close()
    assert result.reading.failures == ()
    return {verdict.finding.kind: verdict.finding for verdict in result.verdicts if verdict.problem}


def test_what_is_lost_every_day_is_no_problem(tmp_path):
    assert found(shop(tmp_path)) == {}


@pytest.mark.parametrize(
    ("faults", "kind", "text"),
    [
        pytest.param(
            {"lost": 30},
            "client_server",
            "Order Completed on web: web lacks 29 % of the keys of a day that server has",
            id="a release loses a third of the orders on the web",
        ),
        pytest.param(
            {"unsent": 12, "lost": 12},
            "table_mismatch",
            "Order Completed on server: server lacks 12 % of the keys of a day that orders has",
            id="nobody sends an eighth of what the shop has sold",
        ),
        pytest.param(
            {"tracks": "CAST(substr(order_id, -1) AS INTEGER) < 8"},
            "table_mismatch",
            "Order Completed on web: tracks lacks 20 % of the messages of a day that web has",
            id="tracks has four fifths of the rows of the event's table",
        ),
        pytest.param(
            {"wrong": "'[{}]'"},
            "violation",
            "by the pipe's own plan",
            id="the pipe finds every message wrong",
        ),
    ],
)
def test_what_changes_is_one(tmp_path, faults, kind, text):
    problems = found(shop(tmp_path, **faults))
    assert kind in problems
    assert text in problems[kind].text


def test_explain_says_what_is_not_fused_and_why(tmp_path):
    shown = CliRunner().invoke(cli, ["explain", "--config", str(shop(tmp_path)), "--now", NOW.isoformat()]).output
    reasons = [line for line in shown.splitlines() if line.startswith("-- not fused:")]
    assert len(reasons) == 4  # the twins, tracks, and both sides of the ledger
    assert "at most 1 per table, and 4 beside them; read-only" in shown
