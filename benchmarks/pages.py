"""What CPU does the first byte of each page take, with 1,000 events, 20 properties each, and 200 incidents?

The state is made: eight weeks of hours, eleven of days, two sources, and the values of every property that is empty
sometimes. `new` is the first request to a process that has made nothing yet, `again` the median of the next nine.
Memory is SQLite.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
from flask.testing import FlaskClient

from checks.base import Bucket, Catalog, Field, Finding, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty, Priority, Question
from monitor import inventory
from monitor.alerts.message import Severity
from monitor.config import Config, load_config
from monitor.history.measures import Progress, Watermark
from monitor.history.memory import Memory, Step
from monitor.incidents import Incident, Opening, State, Subject
from monitor.web.app import create_app
from monitor.web.site import attach

EVENTS, PROPERTIES, INCIDENTS, QUESTIONS = 1_000, 20, 200, 40
HOURS, DAYS = 56 * 24, 77
NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)
UNTIL = NOW.replace(minute=0)
TODAY = NOW.replace(hour=0, minute=0)
SOURCES = ("web", "ios")
TARGET = 100  # ms


def event(i: int) -> str:
    """Return the name of an event."""
    return f"Event number {i:04}"


def plan() -> Plan:
    """Return a plan of many events; each answers one question."""
    names = [f"property_{j:02}" for j in range(PROPERTIES)]
    properties = {name: PlannedProperty(name=name, description="What it means.", type="string") for name in names}
    priorities = list(Priority)
    return Plan(
        questions={f"q{i}": Question(name=f"q{i}", ask=f"What about {i}?", owner="team") for i in range(QUESTIONS)},
        events={
            event(i): PlannedEvent(
                name=event(i),
                description="Somebody did something.",
                owner=f"team-{i % 17}@acme.example",
                priority=priorities[i % len(priorities)],
                answers=(f"q{i % QUESTIONS}",),
                properties=properties,
            )
            for i in range(EVENTS)
        },
    )


def points(whole: int = DAYS) -> pd.DataFrame:
    """Return Poisson counts by hour and by `whole` days, and by day how many messages lack a value."""
    draw = np.random.default_rng(1)
    hours = [int((UNTIL - dt.timedelta(hours=HOURS - i)).timestamp()) for i in range(HOURS)]
    days = [int((TODAY - dt.timedelta(days=whole - i)).timestamp()) for i in range(whole)]
    series = [
        (s, event(i), "", str(Stat.ROWS), grain) for i in range(EVENTS) for s in SOURCES for grain in ("hour", "day")
    ]
    empty = [
        (s, event(i), f"property_{j:02}", str(Stat.NULLS), "day")
        for i in range(EVENTS)
        for s in SOURCES
        for j in range(4)
    ]
    parts = []
    for source, name, prop, measure, grain in series + empty:
        buckets = hours if grain == "hour" else days
        mean = 20.0 if grain == "hour" else 480.0 if measure == Stat.ROWS else 30.0
        parts.append((source, name, prop, measure, grain, buckets, draw.poisson(mean, len(buckets)).astype(float)))
    sizes = [len(part[5]) for part in parts]
    columns = {
        key: np.repeat([part[k] for part in parts], sizes)
        for k, key in enumerate(("source", "event", "property", "measure", "grain"))
    }
    return pd.DataFrame(
        {
            **columns,
            "label": "",
            "bucket": np.concatenate([p[5] for p in parts]),
            "value": np.concatenate([p[6] for p in parts]),
        }
    )


def incidents() -> list[Incident]:
    """Return incidents with ten findings each; every second one is over."""
    return [incident(i) for i in range(INCIDENTS)]


def incident(i: int) -> Incident:
    """Return one incident: the newest first, each second one is over."""
    started = UNTIL - dt.timedelta(hours=6 + i)
    bucket = Bucket(started, started + dt.timedelta(hours=1))
    name = event(i * 5)
    finding = Finding(
        check="volume", kind="drop", event=name, source="web", bucket=bucket, observed=2.0, expected=20.0, low=8.0,
        high=35.0, p_value=1e-9, effect=-0.9, rows=18.0, text=f"{name} on web: 2 in an hour, usually 8 to 35.",
    )  # fmt: skip
    findings = tuple(replace(finding, source=f"source {k}" if k else "web") for k in range(10))
    over = i % 2 == 1
    return Incident(
        id=f"inc_{i:012}",
        subject=Subject("loss", name),
        severity=(Severity.CRITICAL, Severity.WARNING)[i % 3 > 0],
        started=started,
        last_seen=UNTIL if not over else started + dt.timedelta(hours=3),
        state=State.RESOLVED if over else State.OPEN,
        resolved=started + dt.timedelta(hours=6) if over else None,
        slice={"source": "web"},
        findings=findings,
        opening=Opening(finding),
        told=Severity.WARNING,
    )


def remember(config: Config, memory: Memory, days: int = DAYS) -> None:
    """Write what the runs of so many days would have left."""
    frame = points(days)
    since = TODAY - dt.timedelta(days=days)
    names = [f"property_{j:02}" for j in range(PROPERTIES)]
    fields = tuple(Field(event(i), s, name, "string") for i in range(EVENTS) for s in SOURCES for name in names)
    stock = inventory.take(
        Catalog({event(i): frozenset(SOURCES) for i in range(EVENTS)}, fields),
        frame[frame["grain"] == "day"],
        (since, TODAY),
        None,
    )
    memory.put_snapshot(inventory.NAME, NOW, stock.to_json())
    memory.keep(
        Step(
            at=NOW,
            points=frame,
            spans={"hour": (since, UNTIL), "day": (since, TODAY)},
            watermarks={source: Watermark(UNTIL, None) for source in SOURCES},
            rhythms={},
            before=None,
            progress=Progress(since, UNTIL, UNTIL),
            incidents=incidents(),
            deliveries=(),
            summary={"rows": 1_000_000, "findings": 100_000, "open": INCIDENTS // 2},
        )
    )


def milliseconds(client: FlaskClient, path: str) -> float:
    """Return the CPU that a page takes, all threads together."""
    before = time.process_time()
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return 1000 * (time.process_time() - before)


def main() -> None:
    """Print what each page takes, and fail where a page takes too long again and again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "trackwatch.yml")
        file.write_text('version: 1\nstore: {url: "duckdb:///unused.duckdb"}\n')
        config = replace(load_config(file), plan=plan())
        memory = Memory(config.state_url, config.workspace)
        remember(config, memory)
        first = [f"/events/{quote(event(5))}", f"/incidents/inc_{0:012}"]
        paths = [
            "/",
            "/questions/q1",
            "/incidents",
            "/incidents?state=all",
            first[1],
            "/plan",
            "/plan?q=number+0999",
            first[0],
        ]
        print(f"{'page':38} {'new':>8} {'again':>8}   (ms of CPU; target {TARGET})")
        slow = 0
        for path in [*paths, "/reports", "/reports/2026-W09", "/runs", "/deliveries"]:
            app = create_app(config, memory, lambda: NOW)
            app.test_client().get(path)  # imports and templates are compiled once in the life of a process
            attach(app, config, memory, lambda: NOW)  # nothing is kept of what was made before
            client = app.test_client()
            new, again = milliseconds(client, path), statistics.median(milliseconds(client, path) for _ in range(9))
            slow += again > TARGET
            print(f"{path:38} {new:8.0f} {again:8.0f}")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
