from __future__ import annotations

import datetime as dt
import json
import logging
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from servers.socket_mode import FakeSocket
from slack_sdk.signature import SignatureVerifier

from checks.base import Finding
from monitor.actions import Verb
from monitor.alerts.blockkit import as_blocks
from monitor.alerts.channels.slack import Slack
from monitor.alerts.deliver import deliver
from monitor.alerts.message import Reason, Severity
from monitor.alerts.slack.buttons import BUTTONS, PREFIX, buttons, pressed
from monitor.config import load_config
from monitor.errors import UsageError
from monitor.history.memory import Memory
from monitor.incidents import Incident, Mark, State, Subject
from monitor.interactions import Listener
from monitor.pipeline import composer_of
from monitor.tell import tell
from monitor.testing import FakeSlack, example, resolved
from monitor.testing.slack import check_blocks
from monitor.web.app import create_app

NOW = dt.datetime(2026, 3, 2, 13, tzinfo=dt.UTC)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
CONFIG = """
store: {{url: duckdb:///events.duckdb}}
timezone: Europe/Berlin
channels:
  team: {{kind: slack, token: xoxb-fake, channel: C0ALERTS1, base_url: "{slack}", {more}}}
"""
BERLIN_IN_A_DAY = "Tue 3 Mar, 14:00"


@pytest.fixture
def slack():
    with FakeSlack() as server:
        yield server


class Home:
    """An installation with one open incident that Slack was told of."""

    def __init__(self, folder, slack: FakeSlack, more: str) -> None:
        (folder / "trackwatch.yml").write_text(CONFIG.format(slack=slack.url, more=more), "utf-8")
        self.slack = slack
        self.file = folder / "trackwatch.db"
        self.config = load_config(folder / "trackwatch.yml")
        self.memory = Memory(self.config.state_url, self.config.workspace)
        opened = Incident(
            id="inc_1",
            subject=Subject("down", "Order Completed"),
            severity=Severity.CRITICAL,
            started=NOW,
            last_seen=NOW,
            findings=(Finding(check="missing", kind="stopped", event="Order Completed", text="Nothing came."),),
        )
        told = tell([opened], composer_of(self.config), lambda _: None, NOW, ["team"])
        self.memory.note(told.incidents, told.deliveries)
        deliver(self.memory.outbox, self.config.channels, NOW)

    @property
    def incident(self) -> Incident:
        found = self.memory.incident("inc_1")
        assert found is not None
        return found

    @property
    def root(self) -> str:
        return str(self.slack.roots()[0].blocks)

    def web(self):
        return create_app(self.config, self.memory, lambda: NOW).test_client()


@pytest.fixture
def home(tmp_path, slack):
    return Home(tmp_path, slack, f"signing_secret: {SECRET}")


def press(act: str, incident: str = "inc_1", **changes) -> dict:
    """Return what Slack says of a press (docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""
    return {
        "type": "block_actions",
        "user": {"id": "U0ANN", "username": "ann", "name": "ann"},
        "channel": {"id": "C0ALERTS1", "name": "data-alerts"},
        "actions": [{"type": "button", "action_id": PREFIX + act, "value": incident}],
        **changes,
    }


def signed(body: str, at: dt.datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)}


def post(home: Home, payload: dict, headers: dict[str, str] | None = None):
    body = urlencode({"payload": json.dumps(payload)})
    kind = "application/x-www-form-urlencoded"
    return home.web().post("/slack/interactions", data=body, headers=headers or signed(body), content_type=kind)


def until(seen, what: str) -> None:
    """Wait for something that another thread does."""
    for _ in range(500):
        if seen():
            return
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen")


@pytest.mark.parametrize(
    ("act", "state", "shown"),
    [
        pytest.param("acknowledge", State.ACKNOWLEDGED, "Acknowledged by ann", id="who has it in hand"),
        pytest.param("snooze:1", State.SNOOZED, f"Snoozed by ann until {BERLIN_IN_A_DAY}", id="until tomorrow"),
        pytest.param("snooze:7", State.SNOOZED, "Snoozed by ann until Mon 9 Mar, 14:00", id="for a week"),
        pytest.param("resolve", State.RESOLVED, "Resolved by ann", id="it is over"),
        pytest.param("noise", State.ACKNOWLEDGED, "Acknowledged by ann, as noise", id="it was noise"),
    ],
)
def test_a_press_changes_the_incident_and_the_message_shows_who_did_it(home, act, state, shown):
    assert post(home, press(act)).status_code == 200
    until(lambda: shown in home.root, f"{shown!r} in the message")
    assert home.incident.state is state
    [done] = home.memory.actions("inc_1")
    assert (done.by, done.via, done.at) == ("ann", "slack", NOW)


@pytest.mark.parametrize(("act", "mark"), [("useful", Mark.USEFUL), ("noise", Mark.NOISE)])
def test_an_opinion_is_kept_and_thanked_for_in_private(home, act, mark):
    post(home, press(act))
    until(lambda: home.slack.whispers, "thanks")
    assert home.slack.whispers == [("U0ANN", f"Noted as {act}, thank you.")]
    assert home.incident.mark is mark


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        pytest.param(press("acknowledge", "inc_gone"), "there is no incident 'inc_gone'", id="an unknown incident"),
        pytest.param(press("acknowledge", "<!channel>"), "&lt;!channel&gt;", id="an id that would call everybody"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_one_who_pressed(home, payload, said):
    assert post(home, payload).status_code == 200
    until(lambda: home.slack.whispers, "an answer")
    [(user, text)] = home.slack.whispers
    assert user == "U0ANN"
    assert text.startswith("Nothing was changed: ")
    assert said in text


def test_slack_is_answered_though_the_state_is_busy(home):
    with closing(sqlite3.connect(home.file)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        assert post(home, press("acknowledge")).status_code == 200
        busy.rollback()
    until(lambda: "Acknowledged by ann" in home.root, "what was pressed")


def test_what_another_process_must_deliver_is_done_all_the_same(home, caplog):
    caplog.set_level(logging.INFO)
    home.memory.fence(7)  # of a lease that is no longer ours
    post(home, press("acknowledge"))
    until(lambda: "is told by the next delivery" in caplog.text, "the attempt")
    assert home.incident.state is State.ACKNOWLEDGED
    assert home.slack.whispers == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="unsigned"),
        pytest.param({"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=x"}, 401, id="no time"),
        pytest.param(
            {"X-Slack-Request-Timestamp": str(int(NOW.timestamp())), "X-Slack-Signature": "v0=ä"}, 401, id="no ASCII"
        ),
    ],
)
def test_what_is_not_signed_is_refused(home, headers, status):
    answer = home.web().post("/slack/interactions", data=b"payload={}", headers=headers)
    assert answer.status_code == status
    assert home.memory.actions() == ()


@pytest.mark.parametrize(
    ("minutes", "secret", "status"),
    [
        pytest.param(-4, SECRET, 200, id="four minutes old is taken"),
        pytest.param(-6, SECRET, 401, id="six minutes old is a replay"),
        pytest.param(6, SECRET, 401, id="six minutes ahead too"),
        pytest.param(0, "another secret", 401, id="another app's secret is a forgery"),
    ],
)
def test_a_request_is_taken_only_from_the_app_and_only_fresh(home, minutes, secret, status):
    payload = press("useful")
    body = urlencode({"payload": json.dumps(payload)})
    headers = signed(body, NOW + dt.timedelta(minutes=minutes), secret)
    assert post(home, payload, headers).status_code == status


def test_a_body_that_was_changed_on_the_way_is_refused(home):
    headers = signed(urlencode({"payload": json.dumps(press("useful"))}))
    assert post(home, press("resolve"), headers).status_code == 401
    assert home.incident.state is State.OPEN


@pytest.mark.parametrize("body", ["", "payload=", "payload=[]", "payload=%7B"])
def test_a_signed_request_without_a_payload_is_refused(home, body):
    kind = "application/x-www-form-urlencoded"
    answer = home.web().post("/slack/interactions", data=body, headers=signed(body), content_type=kind)
    assert answer.status_code == 400


def test_without_a_signing_secret_there_is_no_such_address(tmp_path, slack):
    home = Home(tmp_path, slack, "per_second: 1")
    assert post(home, press("resolve")).status_code == 404
    assert "actions" not in home.root


def test_a_press_with_the_largest_message_is_taken(home):
    payload = press("useful", message={"blocks": "x" * 200_000})
    assert post(home, payload).status_code == 200


class TestSocketMode:
    @pytest.fixture
    def socket(self, slack):
        with FakeSocket() as server:
            slack.socket_url = server.url
            slack.tokens.add("xapp-fake")
            yield server

    @pytest.fixture
    def home(self, tmp_path, slack, socket):
        home = Home(tmp_path, slack, "app_token: xapp-fake")
        listener = Listener(home.memory, lambda: NOW)
        listener.follow(home.config)
        yield home
        listener.stop()

    def test_a_press_is_acknowledged_and_worked_on(self, home, socket):
        assert socket.connected.wait(5)
        socket.send("e1", press("acknowledge"))
        assert socket.acknowledged.get(timeout=5) == "e1"
        until(lambda: "Acknowledged by ann" in home.root, "the message's edit")

    def test_after_a_reload_the_new_configuration_is_followed(self, home, socket, slack, tmp_path):
        assert socket.connected.wait(5)
        socket.connected.clear()
        listener = Listener(home.memory, lambda: NOW)
        listener.follow(home.config)
        assert socket.connected.wait(5)
        listener.follow(replace(home.config, channels={}))
        calls = slack.calls.count("apps.connections.open")
        listener.stop()
        assert calls == 2

    def test_what_is_no_button_of_ours_is_acknowledged_and_left(self, home, socket):
        assert socket.connected.wait(5)
        socket.send("e1", {"type": "view_submission"})
        socket.send("e2", press("acknowledge", type="shortcut"))
        socket.send("e3", {"text": "hello"}, kind="events_api")
        assert {socket.acknowledged.get(timeout=5) for _ in range(3)} == {"e1", "e2", "e3"}
        assert home.memory.actions() == ()


def test_a_token_that_slack_refuses_is_logged_and_nothing_else_stops(tmp_path, slack, caplog):
    home = Home(tmp_path, slack, "app_token: xapp-wrong")
    listener = Listener(home.memory, lambda: NOW)
    listener.follow(home.config)
    until(lambda: "buttons in Slack will not work" in caplog.text, "a word about it")
    listener.stop()
    assert "xapp-wrong" not in caplog.text


@pytest.mark.parametrize(
    ("message", "offered"),
    [
        pytest.param(example(), ["acknowledge", "snooze:1", "snooze:7", "resolve", "useful", "noise"], id="new"),
        pytest.param(
            example(reason=Reason.ACKNOWLEDGED), ["snooze:1", "snooze:7", "resolve", "useful", "noise"], id="in hand"
        ),
        pytest.param(resolved(), ["useful", "noise"], id="over"),
        pytest.param(example(incident="digest_1"), [], id="a digest is not one incident"),
        pytest.param(example(incident="test-1", reason=Reason.TEST), [], id="a test is none"),
    ],
)
def test_what_can_be_done_is_offered(message, offered):
    found = [each["action_id"].removeprefix(PREFIX) for block in buttons(message) for each in block["elements"]]
    assert found == offered


def test_slack_takes_the_buttons():
    assert check_blocks(as_blocks(example()) + buttons(example())) is None


def test_each_button_is_something_that_people_can_do():
    assert {act.partition(":")[0] for act, _, _ in BUTTONS} <= {str(verb) for verb in Verb}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"type": "block_actions", "actions": []}, id="no action"),
        pytest.param(press("delete everything"), id="an action that there is not"),
        pytest.param(press("resolve", user={}), id="nobody"),
        pytest.param(press("resolve", incident=""), id="no incident"),
    ],
)
def test_what_is_no_press_of_ours_is_none(payload):
    assert pressed(payload) is None


@pytest.mark.parametrize(
    "settings",
    [{"app_token": "xoxb-bot"}, {"app_token": ""}, {"signing_secret": " "}, {"per_second": 0}],
    ids=["a bot token is no app token", "an empty app token", "an empty secret", "never"],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(UsageError):
        Slack(token="xoxb-x", channel="C1", **settings)


def test_secrets_are_not_shown():
    shown = repr(Slack(token="xoxb-1", channel="C1", app_token="xapp-2", signing_secret="s3cret"))
    assert not any(secret in shown for secret in ("xoxb-1", "xapp-2", "s3cret"))
