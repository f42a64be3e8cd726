from __future__ import annotations

import dataclasses

import pytest

from monitor.alerts.channels.pagerduty import Pagerduty
from monitor.alerts.message import Reason
from monitor.alerts.trial import test_message as trial_message
from monitor.errors import DeliveryError
from monitor.testing import example, resolved
from monitor.testing.http import Receiver


@pytest.fixture
def duty():
    with Receiver() as server:
        yield server, Pagerduty(routing_key="R0UT1NG", url=server.url)


def test_an_incident_is_one_alert_from_trigger_to_resolve(duty):
    server, channel = duty
    channel.send(resolved(), channel.send(example(), None))
    opened, ended = (each.json for each in server.posted)
    assert (opened["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == ended["dedup_key"] == example().incident
    assert opened["payload"]["severity"] in {"critical", "error", "warning", "info"}


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        pytest.param(Reason.WORSE, "trigger", id="worse is told again"),
        pytest.param(Reason.REOPENED, "trigger", id="back again wakes somebody again"),
        pytest.param(Reason.ACKNOWLEDGED, "acknowledge", id="somebody has it in hand"),
        pytest.param(Reason.SNOOZED, "acknowledge", id="nobody wants to hear of it for a while"),
        pytest.param(Reason.RESOLVED, "resolve", id="over"),
    ],
)
def test_what_people_and_data_say_is_said_there_too(duty, reason, action):
    server, channel = duty
    channel.send(dataclasses.replace(example(), reason=reason), None)
    [told] = server.posted
    assert (told.json["event_action"], told.json["dedup_key"]) == (action, "inc_1")
    assert ("payload" in told.json) == (action == "trigger")


def test_a_test_message_leaves_nobody_paged(duty):
    server, channel = duty
    channel.send(trial_message(example().at), None)
    assert [each.json["event_action"] for each in server.posted] == ["trigger", "resolve"]


def test_the_limits_of_the_interface_are_kept(duty):
    server, channel = duty
    channel.send(dataclasses.replace(example(), title="x" * 5000, incident="i" * 500), None)
    told = server.posted[0].json
    assert len(told["payload"]["summary"]) <= 1024
    assert len(told["dedup_key"]) <= 255


def test_an_unknown_key_is_not_tried_again_and_not_shown(duty):
    server, channel = duty
    server.answers.append((400, {}, b'{"status": "invalid event"}'))
    with pytest.raises(DeliveryError, match="invalid event") as caught:
        channel.send(example(), None)
    assert caught.value.permanent
    assert "R0UT1NG" not in repr(channel)
