from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.base import Receipt
from monitor.alerts.channels.slack import Slack
from monitor.alerts.deliver import OVERTAKEN, Policy, State, deliver, next_try
from monitor.alerts.message import Reason
from monitor.errors import DeliveryError
from monitor.testing import FakeSlack, Fault, MemoryOutbox, Recorder, example, resolved

NOW = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
BUSY = DeliveryError("busy", permanent=False)
GONE = DeliveryError("gone", permanent=True)
UNSURE = DeliveryError("no answer", permanent=False, ambiguous=True)


class Searchable(Recorder):
    """A channel that can look whether a message arrived; `arrived` are the ids that it finds."""

    arrived = frozenset()

    def find(self, message, root):
        if isinstance(self.arrived, Exception):
            raise self.arrived
        return Receipt({}) if message.id in self.arrived else None


def waiting(*messages, channels=("team",)):
    outbox = MemoryOutbox()
    for message in messages:
        outbox.add(message, *channels)
    return outbox


def problems(count, **changes):
    """Return messages of so many incidents."""
    return [
        example(**{"id": f"inc_{n}.1", "incident": f"inc_{n}", "title": f"Event {n} stopped", **changes})
        for n in range(1, count + 1)
    ]


def states(outcomes):
    return [outcome.state for outcome in outcomes]


def test_what_waits_is_sent_once():
    outbox, team = waiting(example()), Recorder()
    assert states(deliver(outbox, {"team": team}, NOW)) == [State.SENT]
    assert deliver(outbox, {"team": team}, NOW) == ()
    assert len(team.sent) == 1


def test_an_incident_stays_in_one_thread():
    outbox, team = waiting(example()), Recorder()
    deliver(outbox, {"team": team}, NOW)
    outbox.add(resolved(), "team")
    deliver(outbox, {"team": team}, NOW)
    [(_, first), (_, second)] = team.sent
    assert first is None
    assert second == outbox.root("inc_1", "team")


@pytest.mark.parametrize("error", [BUSY, GONE, RuntimeError("a bug")], ids=["busy", "gone", "a bug"])
def test_a_broken_channel_does_not_stop_the_others(error):
    outbox, team = waiting(example(), channels=("broken", "team")), Recorder()
    deliver(outbox, {"broken": Recorder([error]), "team": team}, NOW)
    assert outbox.ends["inc_1.1:team"] == "sent"


def test_a_temporary_failure_is_tried_again_later():
    outbox, team = waiting(example()), Recorder([BUSY])
    assert states(deliver(outbox, {"team": team}, NOW)) == [State.WAITING]
    assert deliver(outbox, {"team": team}, NOW) == ()
    assert states(deliver(outbox, {"team": team}, NOW + MINUTE)) == [State.SENT]


def test_a_permanent_failure_ends_with_its_reason():
    outbox = waiting(example())
    [outcome] = deliver(outbox, {"team": Recorder([GONE])}, NOW)
    assert (outcome.state, outcome.reason) == (State.FAILED, "gone")
    assert outbox.ends == {"inc_1.1:team": "gone"}


def test_a_channel_that_left_the_configuration_is_named():
    [outcome] = deliver(waiting(example()), {}, NOW)
    assert (outcome.state, outcome.reason) == (State.FAILED, "there is no channel 'team' in the configuration")


def test_a_crash_says_its_kind_and_not_its_words():
    [outcome] = deliver(waiting(example()), {"team": Recorder([ValueError("xoxb-secret")])}, NOW)
    assert outcome.reason == "the channel crashed (ValueError)"


def test_after_a_temporary_failure_the_channel_rests_until_the_next_run():
    outbox, team = waiting(example(), example(id="inc_2.1", incident="inc_2")), Recorder([BUSY])
    deliver(outbox, {"team": team}, NOW)
    assert team.sent == []
    deliver(outbox, {"team": team}, NOW)
    assert [message.id for message, _ in team.sent] == ["inc_2.1"]


def test_recovery_is_never_told_before_the_problem():
    outbox, team = waiting(example()), Recorder([UNSURE])
    deliver(outbox, {"team": team}, NOW)
    outbox.add(resolved(), "team")
    deliver(outbox, {"team": team}, NOW)
    deliver(outbox, {"team": team}, NOW + MINUTE)
    assert [message.id for message, _ in team.sent] == ["inc_1.1", "inc_1.2"]


@pytest.mark.parametrize("tries", [0, 3], ids=["quiet hours", "a channel that was away"])
def test_of_what_waited_only_the_newest_is_told_and_the_rest_says_why(tries):
    outbox, team = waiting(example()), Recorder([BUSY] * tries)
    for minute in range(tries):
        deliver(outbox, {"team": team}, NOW + minute * 60 * MINUTE)
    for message in (example(id="inc_1.w", reason=Reason.WORSE), resolved()):
        outbox.add(message, "team")
    outcomes = deliver(outbox, {"team": team}, NOW + 600 * MINUTE)
    assert states(outcomes) == [State.SUPPRESSED, State.SUPPRESSED, State.SENT]
    assert [message.id for message, _ in team.sent] == ["inc_1.2"]
    assert outbox.ends["inc_1.1:team"] == "something newer of the same incident was to be told by then"


def test_what_another_process_has_is_left_alone():
    outbox, team = waiting(example(), resolved()), Recorder()
    outbox.taken.add("inc_1.1:team")
    assert deliver(outbox, {"team": team}, NOW) == ()
    assert team.sent == []


@pytest.mark.parametrize(
    ("attempts", "asked", "minutes"),
    [
        pytest.param(1, None, 1, id="first a minute"),
        pytest.param(4, None, 8, id="then twice as long each time"),
        pytest.param(50, None, 60, id="an hour at most"),
        pytest.param(1, 1800.0, 30, id="but as long as the channel asks"),
    ],
)
def test_pauses_grow(attempts, asked, minutes):
    assert next_try(attempts, NOW, asked) == NOW + minutes * MINUTE


def test_a_channel_that_is_down_for_six_hours_loses_nothing():
    outbox, team = waiting(example()), Recorder([BUSY] * 10)
    for minute in range(0, 7 * 60, 5):
        deliver(outbox, {"team": team}, NOW + minute * MINUTE)
    assert len(team.sent) == 1


def test_after_two_days_it_gives_up_and_says_so():
    outbox, team = waiting(example()), Recorder([BUSY] * 100)
    runs = [deliver(outbox, {"team": team}, NOW + hour * 60 * MINUTE) for hour in range(72)]
    assert [outcome.reason for run in runs for outcome in run][-1] == "gave up after 49 tries: busy"
    assert outbox.pending() == ()


def test_what_lay_there_for_long_is_tried_more_than_once_before_it_is_given_up():
    outbox, team = waiting(example()), Recorder([BUSY])
    deliver(outbox, {"team": team}, NOW + 5000 * MINUTE)
    assert states(deliver(outbox, {"team": team}, NOW + 5001 * MINUTE)) == [State.SENT]


def test_a_channel_that_asks_to_wait_is_left_alone_for_so_long():
    asked = DeliveryError("wait", permanent=False, retry_after=600)
    outbox, team = waiting(*problems(3)), Recorder([asked])
    deliver(outbox, {"team": team}, NOW)
    assert deliver(outbox, {"team": team}, NOW + 9 * MINUTE) == ()
    assert states(deliver(outbox, {"team": team}, NOW + 10 * MINUTE)) == [State.SENT] * 3


@pytest.mark.parametrize(
    ("arrived", "sent"),
    [
        pytest.param({"inc_1.1"}, 0, id="it had arrived"),
        pytest.param(set(), 1, id="it had not"),
        pytest.param(GONE, 1, id="the channel does not let us look"),
    ],
)
def test_where_nobody_saw_the_end_the_channel_is_asked_first(arrived, sent):
    outbox, team = waiting(example()), Searchable([UNSURE])
    team.arrived = arrived
    deliver(outbox, {"team": team}, NOW)
    deliver(outbox, {"team": team}, NOW + MINUTE)
    assert len(team.sent) == sent
    assert outbox.ends == {"inc_1.1:team": "sent"}


def test_a_look_that_fails_leaves_the_question_open():
    outbox, team = waiting(example()), Searchable([UNSURE])
    for arrived, minutes in ((set(), 0), (BUSY, 1), ({"inc_1.1"}, 60)):
        team.arrived = arrived
        deliver(outbox, {"team": team}, NOW + minutes * MINUTE)
    assert team.sent == []
    assert outbox.ends == {"inc_1.1:team": "sent"}


def test_a_kill_in_the_middle_counts_as_an_end_that_nobody_saw():
    outbox, team = waiting(example()), Searchable()
    outbox.claim(outbox.pending()[0], NOW)
    team.arrived = {"inc_1.1"}
    deliver(outbox, {"team": team}, NOW)
    assert team.sent == []


class Unreliable:
    """A channel in which each try ends as it is told: it arrives or not, and that is seen or not."""

    def __init__(self, ends):
        self.ends, self.arrived = list(ends), []

    def send(self, message, root):
        end = self.ends.pop(0) if self.ends else "arrives"
        if end in ("arrives", "arrives unseen", "arrives, then a kill"):
            self.arrived.append(message.id)
        if end.endswith("a kill"):
            raise KeyboardInterrupt
        if end != "arrives":
            raise DeliveryError(end, permanent=False, ambiguous="unseen" in end)
        return root or Receipt({"message": message.id})

    def find(self, message, root):
        return (root or Receipt({"message": message.id})) if message.id in self.arrived else None


ENDS = ["arrives", "arrives unseen", "is lost unseen", "is refused for now", "arrives, then a kill", "a kill"]


@given(
    ends=st.lists(st.sampled_from(ENDS), max_size=12),
    count=st.integers(1, 9),
    over=st.sets(st.integers(1, 9)),
    above=st.integers(1, 5),
)
def test_whatever_happens_each_message_arrives_once_or_in_one_digest(ends, count, over, above):
    outbox, team = MemoryOutbox(), Unreliable(ends)
    for message in problems(count):
        outbox.add(message, "team")
    for hour in range(30):
        if hour == 3:
            for message in problems(count, reason=Reason.RESOLVED):
                number = message.incident.removeprefix("inc_")
                if int(number) in over:
                    outbox.add(replace(message, id=f"inc_{number}.2"), "team")
        with suppress(KeyboardInterrupt):
            deliver(outbox, {"team": team}, NOW + hour * 60 * MINUTE, Policy(digest_above=above))
    assert len(team.arrived) == len(set(team.arrived))
    sent = {key for key, end in outbox.ends.items() if end == "sent"}
    assert {outbox.deliveries[key].message.id for key in sent} == set(team.arrived)
    suppressed = {key for key, end in outbox.ends.items() if end == OVERTAKEN}
    assert set(outbox.deliveries) == sent | set(outbox.digests) | suppressed
    assert all(outbox.deliveries[key].message.reason is Reason.OPENED for key in suppressed), "the newest was left out"


@pytest.mark.parametrize("kind", ["drop", "silence", "server_error", "rate_limit"])
def test_slack_is_told_once_whatever_happens_to_the_connection(kind):
    with FakeSlack(faults=[Fault(kind, "60", "chat.postMessage")]) as slack:
        outbox = waiting(example(mention=None))
        team = Slack(token=slack.token, channel="C0ALERTS1", base_url=slack.url, timeout=1)
        for minute in range(3):
            deliver(outbox, {"team": team}, NOW + minute * MINUTE)
            if minute == 1:
                outbox.add(resolved(mention=None), "team")
        assert set(outbox.ends.values()) == {"sent"}
        [root] = slack.roots()
        assert len(slack.thread(root)) == 1
