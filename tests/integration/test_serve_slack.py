"""A button in Slack, pressed while the whole service runs: by Socket Mode, and by a signed request."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from servers.socket_mode import FakeSocket
from slack_sdk.signature import SignatureVerifier

from checks.base import Finding
from monitor.alerts.deliver import deliver
from monitor.alerts.message import Severity
from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.incidents import Incident, Subject
from monitor.pipeline import composer_of
from monitor.tell import tell
from monitor.testing import FakeSlack

SERVE = (sys.executable, "-c", "from monitor.cli import main; main()", "serve")
NOW = dt.datetime.now(tz=dt.UTC).replace(microsecond=0)
PRESS = {
    "type": "block_actions",
    "user": {"id": "U0ANN", "name": "ann"},
    "channel": {"id": "C0ALERTS1"},
    "actions": [{"type": "button", "action_id": "trackwatch:acknowledge", "value": "inc_1"}],
}
CONFIG = """
store: {{url: "sqlite:///{folder}/events.db", layout: events, table: events}}
state: sqlite:///{folder}/state.db
web: {{port: {port}}}
channels:
  team: {{kind: slack, token: xoxb-fake, channel: C0ALERTS1, base_url: "{slack}", {more}}}
"""


@pytest.fixture
def slack():
    with FakeSlack(tokens={"xapp-fake"}) as server:
        yield server


def told(folder: Path, slack: FakeSlack, more: str) -> int:
    """Write a configuration, tell Slack of one incident, and return the port of the pages."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "trackwatch.yml"
    file.write_text(CONFIG.format(folder=folder, port=port, slack=slack.url, more=more), "utf-8")
    with sqlite3.connect(folder / "events.db") as connection:
        connection.execute("CREATE TABLE events (received_at DATETIME, event TEXT, id TEXT, source TEXT)")
    config = load_config(file)
    memory = Memory(config.state_url, config.workspace)
    found = (Finding(check="missing", kind="stopped", event="Order Completed", text="Nothing came."),)
    incident = Incident(
        id="inc_1", subject=Subject("down", "Order Completed"), severity=Severity.CRITICAL, started=NOW, last_seen=NOW,
        findings=found,
    )  # fmt: skip
    first = tell([incident], composer_of(config), lambda _: None, NOW, ["team"])
    memory.note(first.incidents, first.deliveries)
    deliver(memory.outbox, config.channels, NOW)
    return port


@contextmanager
def serving(folder: Path):
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(SERVE, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


def acknowledged(slack: FakeSlack) -> bool:
    for _ in range(1500):
        if "Acknowledged by ann" in str(slack.roots()[0].blocks):
            return True
        time.sleep(0.01)
    return False


def test_a_press_reaches_a_service_that_nothing_outside_can_reach(tmp_path, slack):
    with FakeSocket() as there:
        slack.socket_url = there.url
        told(tmp_path, slack, "app_token: xapp-fake")
        with serving(tmp_path):
            assert there.connected.wait(30)
            there.send("e1", PRESS)
            assert there.acknowledged.get(timeout=10) == "e1"
            assert acknowledged(slack)


def test_a_press_reaches_a_service_as_a_signed_request(tmp_path, slack):
    told(tmp_path, slack, "signing_secret: s3cret")
    with serving(tmp_path) as process:
        line = next(line for line in process.stderr if "pages at" in line)
        address = re.search(r"http://\S+", line)
        assert address
        body, stamp = urlencode({"payload": json.dumps(PRESS)}), str(int(time.time()))
        signature = SignatureVerifier("s3cret").generate_signature(timestamp=stamp, body=body)
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)}
        with urlopen(Request(f"{address[0]}/slack/interactions", body.encode(), headers), timeout=10) as answer:
            assert answer.status == 200
        assert acknowledged(slack)
