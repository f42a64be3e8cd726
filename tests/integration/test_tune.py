"""Does what people say of alerts become a change of configuration and plan, by the commands that they type?"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from checks.base import CHECKS
from checks.plan import Priority
from monitor.cli import main
from monitor.config import load_config
from monitor.known_checks import load_checks

WATCHING = ("missing", "volume")
CONFIG = """\
plan: plan.yml
store: {url: 'duckdb:///shop.duckdb', history: 28d, judge: 12d, lateness: 1h}
clock: 2026-02-16T00:30:00Z
channels: {team: {kind: console}}
checks:
  volume: {min_drop: 20%}   # as it came
"""
PLAN = """\
questions: {sales: {ask: How much do we sell?}}
events:
  Order Completed: {answers: [sales]}  # of all that we send, this
  Cart Viewed: {answers: [sales]}
  Page Viewed:
  Menu Opened:
"""
HOURS = 42 * 24  # from Monday 2026-01-05 on
DROPS: dict[str, dict[int, float]] = {  # event -> days, and the share that is lost on each
    "Cart Viewed": {30: 0.3},
    "Page Viewed": {32: 0.3},
    "Menu Opened": {34: 0.3},
    "Order Completed": {36: 0.7, 39: 0.6},
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a shop of six weeks that loses three tenths of three events on a day each, and most orders on two."""
    monkeypatch.chdir(tmp_path)
    load_checks()
    off = "".join(f"  {name}: {{enabled: false}}\n" for name in sorted(CHECKS.keys() - set(WATCHING)))
    Path("trackwatch.yml").write_text(CONFIG + off)
    Path("plan.yml").write_text(PLAN)
    frame = pd.concat([messages(event, days) for event, days in DROPS.items()])
    with duckdb.connect("shop.duckdb") as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE events AS SELECT event || row_number() OVER () AS id, * FROM frame")


def messages(event: str, lost: dict[int, float]) -> pd.DataFrame:
    rng = np.random.default_rng(len(event))
    counts = rng.poisson(30, HOURS)
    for day, share in lost.items():
        hours = slice(24 * day, 24 * day + 24)
        counts[hours] = rng.binomial(counts[hours], 1 - share)
    at = np.datetime64("2026-01-05") + np.repeat(np.arange(HOURS), counts).astype("timedelta64[h]")
    received = at.astype("datetime64[s]") + rng.integers(0, 3600, len(at)).astype("timedelta64[s]")
    return pd.DataFrame({"source": "web", "event": event, "received_at": received})


def trackwatch(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    with pytest.raises(SystemExit):
        main(list(args))
    return capsys.readouterr().out


def test_marks_on_the_alerts_of_a_run_become_a_change_that_is_tried_on_the_past(shop, capsys):
    trackwatch(capsys, "run")
    listed = json.loads(trackwatch(capsys, "incidents", "list", "--since", "2026-01-01T00:00:00Z", "--json"))
    for incident in listed["incidents"]:
        mark = "useful" if incident["events"] == ["Order Completed"] else "noise"
        trackwatch(capsys, "incidents", mark, incident["id"])

    found = json.loads(trackwatch(capsys, "tune", "--from", "2026-02-04", "--to", "2026-02-15", "--json"))
    minimum, priority = found["suggestions"]
    assert minimum["evidence"][0].startswith("3 alerts were called noise, of ")
    assert minimum["evidence"][1].startswith("2 were called useful, of ")
    assert [each["title"] for each in minimum["tried"]["lost"]] == [
        f"{event} dropped on web" for event in ("Cart Viewed", "Page Viewed", "Menu Opened")
    ]
    assert (minimum["tried"]["noise"], minimum["tried"]["useful"], minimum["holds"]) == (3, 0, True)
    assert priority["evidence"][0] == "all 2 of its alerts that were marked were called useful"
    assert (priority["tried"]["lost"], found["together"]["noise"]) == ([], 3)

    assert trackwatch(capsys, "tune", "--diff", "--write", "--untried") == found["diff"]
    assert "+  Order Completed: {answers: [sales], priority: high}  # of all that we send, this\n" in found["diff"]
    after = load_config()
    assert 0.3 < after.checks["volume"].params.min_drop <= 0.6
    assert after.plan.events["Order Completed"].priority is Priority.HIGH
