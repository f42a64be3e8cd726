"""How many messages do 10,000 problems in one run become, and what does telling of them cost?

Everything fails at once, with the longest names: 10,000 incidents of one finding each go through
`tell`, the outbox (SQLite) and the delivery to a server that refuses what Slack refuses; then all of
them end. Nothing groups them here: that would only make it easier.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

from checks.base import Finding
from monitor.alerts.deliver import State, deliver
from monitor.alerts.message import Severity
from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.incidents import Incident, Subject
from monitor.incidents import State as Life
from monitor.pipeline import composer_of
from monitor.tell import tell
from monitor.testing import FakeSlack

NOW = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)
LONGEST = 200  # characters of a name: what the state database keeps
TARGET = 5


def incidents(count: int, state: Life) -> list[Incident]:
    """Return so many critical incidents, each with a name as long as names may be."""
    over = {"state": Life.RESOLVED, "resolved": NOW, "told": Severity.CRITICAL} if state is Life.RESOLVED else {}
    names = [f"{number:05} <!channel> & “{'Very Long Event Name ' * 10}"[:LONGEST] for number in range(count)]
    return [
        Incident(
            id=f"inc_{number:012}",
            subject=Subject("down", name),
            severity=Severity.CRITICAL,
            started=NOW - dt.timedelta(hours=2),
            last_seen=NOW,
            findings=(Finding(check="missing", kind="stopped", event=name, text=f"No {name} since 14:00."),),
            messages=1 if over else 0,
            **over,
        )
        for number, name in enumerate(names)
    ]


def measure(count: int) -> None:
    """Tell of the beginning and of the end of so many incidents, and print what it took."""
    with FakeSlack() as slack, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trackwatch.yml"
        channel = f'{{kind: slack, token: xoxb-fake, channel: C0ALERTS1, base_url: "{slack.url}"}}'
        file.write_text(f"store: {{url: duckdb:///e.duckdb}}\nchannels: {{team: {channel}}}\n", "utf-8")
        config = load_config(file)
        memory = Memory(config.state_url, config.workspace)
        for what, state, hour in (("begin", Life.OPEN, 0), ("end", Life.RESOLVED, 1)):
            began, before = time.perf_counter(), len(slack.messages)
            now = NOW + dt.timedelta(hours=hour)
            told = tell(incidents(count, state), composer_of(config), lambda _: None, now, ["team"])
            memory.note(told.incidents, told.deliveries)
            deliver(memory.outbox, config.channels, now, config.delivery)
            sent, seconds = len(slack.messages) - before, time.perf_counter() - began
            print(f"{count:>6,} incidents {what:<5}  {sent} messages (at most {TARGET})  {seconds:5.1f} s")
        waiting = len(memory.outbox.listed(state=State.WAITING)) + len(memory.outbox.listed(state=State.FAILED))
        print(f"{len(slack.roots())} root, {waiting} waiting or failed, {slack.calls.count('chat.postMessage')} posts")


if __name__ == "__main__":
    for given in sys.argv[1:] or ("100", "10000"):
        measure(int(given))
