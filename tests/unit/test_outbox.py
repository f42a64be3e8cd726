from __future__ import annotations

import datetime as dt

import pytest

from monitor.alerts.base import Receipt
from monitor.alerts.deliver import UNSURE, Delivery, Policy, State, deliver
from monitor.alerts.message import Reason, Severity
from monitor.config import Keep
from monitor.errors import DeliveryError
from monitor.history.memory import Memory
from monitor.incidents import Incident, Subject
from monitor.testing import Recorder, example

NOW = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
UTC = dt.UTC


@pytest.fixture(params=["sqlite", "postgres"])
def memory(request, tmp_path):
    if request.param == "sqlite":
        return Memory(f"sqlite:///{tmp_path}/state.db", "production")
    return Memory(request.getfixturevalue("postgres_database"), "production")


def about(number: int, reason: Reason = Reason.OPENED, **changes) -> Delivery:
    name = f"inc_{number}"
    message = example(id=f"{name}-{reason.name}", incident=name, title=f"Event {number} stopped", reason=reason, at=NOW)
    return Delivery(id=f"{message.id}-team", channel="team", message=message, **changes)


def put(memory: Memory, *deliveries: Delivery) -> None:
    memory.note([], deliveries)


def states(memory: Memory, **asked) -> list[str]:
    return sorted(str(entry.state) for entry in memory.outbox.listed(**asked))


def test_every_delivery_ends_with_a_state_a_time_and_a_reason(memory):
    put(memory, about(1), about(2), about(3, suppressed="quiet hours"))
    refusing = Recorder([None, DeliveryError("channel_not_found", permanent=True)])
    deliver(memory.outbox, {"team": refusing}, NOW + HOUR)
    ends = {entry.incident: (entry.state, entry.why, entry.ended) for entry in memory.outbox.listed()}
    assert ends == {
        "inc_1": (State.SENT, "", NOW + HOUR),
        "inc_2": (State.FAILED, "channel_not_found", NOW + HOUR),
        "inc_3": (State.SUPPRESSED, "quiet hours", NOW),
    }


class CannotLook(Recorder):
    def find(self, message, root):
        raise DeliveryError("there is no mailbox", permanent=True)


class NotThere(Recorder):
    def find(self, message, root):
        return None


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        pytest.param(Recorder, UNSURE, id="a channel that cannot be asked"),
        pytest.param(CannotLook, UNSURE, id="a channel that does not answer that"),
        pytest.param(NotThere, "", id="a channel that says that it did not arrive"),
    ],
)
def test_what_may_have_come_twice_says_so(memory, kind, why):
    channel = kind()
    put(memory, about(1))
    memory.outbox.claim(memory.outbox.pending()[0], NOW)
    [outcome] = deliver(memory.outbox, {"team": channel}, NOW + HOUR)
    [entry] = memory.outbox.listed()
    assert len(channel.sent) == 1
    assert (entry.state, entry.why, outcome.reason) == (State.SENT, why, why)


def test_what_waits_says_why_and_until_when(memory):
    put(memory, about(1))
    deliver(memory.outbox, {"team": Recorder([DeliveryError("busy", permanent=False, retry_after=600)])}, NOW)
    [entry] = memory.outbox.listed()
    assert (entry.state, entry.why, entry.next_try) == (State.WAITING, "busy", NOW + dt.timedelta(minutes=10))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param({}, ["inc_1", "inc_2"], id="all"),
        pytest.param({"state": "failed"}, [], id="by state"),
        pytest.param({"incident": "inc_1"}, ["inc_1"], id="by incident"),
        pytest.param({"channel": "mail"}, [], id="by channel"),
        pytest.param({"since": NOW + HOUR}, [], id="by time"),
        pytest.param({"most": 1}, ["inc_1"], id="at most so many"),
    ],
)
def test_deliveries_are_found(memory, asked, found):
    put(memory, about(1), about(2))
    assert [entry.incident for entry in memory.outbox.listed(**asked)] == found


def test_a_flood_is_one_message_and_its_end_another(memory):
    put(memory, *(about(n) for n in range(1500)))
    team = Recorder()
    deliver(memory.outbox, {"team": team}, NOW)
    put(memory, *(about(n, Reason.RESOLVED) for n in range(1500)))
    deliver(memory.outbox, {"team": team}, NOW + HOUR)
    assert [message.reason for message, _ in team.sent] == [Reason.OPENED, Reason.RESOLVED]
    assert team.sent[1][1] == Receipt({"message": team.sent[0][0].id})
    assert set(states(memory)) == {"sent", "suppressed"}


def test_two_processes_do_not_gather_the_same(memory):
    put(memory, *(about(n) for n in range(6)))
    seen = memory.outbox.pending()
    whole = about(99)
    assert memory.outbox.gather(whole, seen, NOW)
    assert not memory.outbox.gather(about(98), seen, NOW)
    assert [each.id for each in memory.outbox.pending()] == [whole.id]


def test_nothing_is_gathered_when_a_part_of_it_is_being_sent(memory):
    put(memory, *(about(n) for n in range(6)))
    seen = memory.outbox.pending()
    memory.outbox.claim(seen[0], NOW)
    assert not memory.outbox.gather(about(99), seen, NOW)
    assert states(memory) == ["waiting"] * 6


def test_a_digest_that_failed_leaves_its_members_to_be_told_again_when_they_change(memory):
    put(memory, *(about(n) for n in range(3)))
    policy = Policy(digest_above=2)
    deliver(memory.outbox, {"team": Recorder([DeliveryError("gone", permanent=True)])}, NOW, policy)
    put(memory, about(1, Reason.WORSE))
    team = Recorder()
    deliver(memory.outbox, {"team": team}, NOW + HOUR, policy)
    [(message, root)] = team.sent
    assert root is None
    assert len(message.blocks[0].lines) == 3


class TestRetention:
    @staticmethod
    def tidy(memory, days):
        memory.tidy(Keep(), NOW + dt.timedelta(days=days), UTC)

    @pytest.mark.parametrize(("days", "left"), [(89, 1), (91, 0)])
    def test_what_is_over_is_forgotten_after_ninety_days(self, memory, days, left):
        put(memory, about(1))
        deliver(memory.outbox, {"team": Recorder()}, NOW)
        self.tidy(memory, days)
        assert len(memory.outbox.listed()) == left

    def test_the_thread_of_an_open_incident_is_kept(self, memory):
        memory.note([problem("inc_1")], [about(1)])
        deliver(memory.outbox, {"team": Recorder()}, NOW)
        self.tidy(memory, 400)
        assert memory.outbox.root("inc_1", "team") is not None

    def test_so_is_the_digest_that_tells_of_it(self, memory):
        memory.note([problem("inc_1")], [about(n) for n in range(6)])
        deliver(memory.outbox, {"team": Recorder()}, NOW)
        self.tidy(memory, 400)
        assert states(memory) == ["sent", "suppressed"]

    def test_what_waits_is_never_forgotten(self, memory):
        put(memory, about(1))
        self.tidy(memory, 400)
        assert states(memory) == ["waiting"]


def problem(name: str) -> Incident:
    return Incident(id=name, subject=Subject("down", name), severity=Severity.WARNING, started=NOW, last_seen=NOW)
