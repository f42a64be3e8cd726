from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from monitor.alerts.channels.slack import Slack
from monitor.alerts.deliver import Policy, State, deliver
from monitor.alerts.digest import CALLED, compose
from monitor.alerts.message import Bullets, Link, Reason, Severity
from monitor.alerts.pace import BURST, LONGEST_WAIT, Bucket
from monitor.errors import DeliveryError
from monitor.testing import FakeSlack, MemoryOutbox, Recorder, example

NOW = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
LONG = "Order Completed With A Very Long Name " * 12


def problem(number: int, **changes):
    named = {"id": f"inc_{number}.1", "incident": f"inc_{number}", "title": f"Event {number} stopped"}
    return example(**{**named, **changes})


def change(number: int, reason: Reason = Reason.RESOLVED, **changes):
    return problem(number, id=f"inc_{number}.{reason.name}", reason=reason, **changes)


def flood(count: int, *channels: str, **changes) -> MemoryOutbox:
    outbox = MemoryOutbox()
    for number in range(count):
        outbox.add(problem(number, **changes), *(channels or ("team",)))
    return outbox


def told(team: Recorder) -> list[str]:
    return [message.title for message, _ in team.sent]


@pytest.mark.parametrize(
    ("count", "messages"),
    [
        pytest.param(5, 5, id="five are told one by one"),
        pytest.param(6, 1, id="six are told together"),
        pytest.param(2000, 1, id="two thousand too"),
    ],
)
def test_a_flood_is_one_message(count, messages):
    team = Recorder()
    deliver(flood(count), {"team": team}, NOW)
    assert len(team.sent) == messages


def test_the_number_above_which_it_is_a_flood_is_configured():
    team = Recorder()
    deliver(flood(3), {"team": team}, NOW, Policy(digest_above=2))
    assert told(team) == ["3 problems at once"]


def test_each_channel_has_its_own_flood():
    outbox, team, other = flood(5, "team"), Recorder(), Recorder()
    for number in range(6):
        outbox.add(problem(number), "other")
    deliver(outbox, {"team": team, "other": other}, NOW)
    assert (len(team.sent), len(other.sent)) == (5, 1)


def test_what_is_told_together_ends_as_suppressed_with_the_reason():
    outbox = flood(6)
    outcomes = deliver(outbox, {"team": Recorder()}, NOW)
    assert [each.state for each in outcomes] == [State.SUPPRESSED] * 6 + [State.SENT]
    assert all(
        reason == "sent" or reason.startswith("told together with others in digest_") for reason in outbox.ends.values()
    )
    assert outbox.pending() == ()


def test_what_changes_later_is_told_in_the_digests_thread():
    outbox, team = flood(6), Recorder()
    deliver(outbox, {"team": team}, NOW)
    outbox.add(change(2), "team")
    deliver(outbox, {"team": team}, NOW + HOUR)
    [_, (message, root)] = team.sent
    assert root is not None
    assert (message.reason, message.title) == (Reason.CHANGED, "6 problems at once, 1 of them over")
    assert message.summary == "Resolved: Event 2 stopped."


def test_a_digest_ends_when_the_last_of_its_members_has_ended():
    outbox, team = flood(6), Recorder()
    deliver(outbox, {"team": team}, NOW)
    for number in range(6):
        outbox.add(change(number), "team")
        deliver(outbox, {"team": team}, NOW + number * HOUR)
    assert [message.reason for message, _ in team.sent[1:]] == [Reason.CHANGED] * 5 + [Reason.RESOLVED]


def test_many_changes_at_once_are_one_message():
    outbox, team = flood(2000), Recorder()
    deliver(outbox, {"team": team}, NOW)
    for number in range(2000):
        outbox.add(change(number), "team")
    deliver(outbox, {"team": team}, NOW + HOUR)
    assert told(team) == ["2,000 problems at once", "All of 2,000 problems are over"]


def test_new_problems_after_a_flood_are_told_by_themselves():
    outbox, team = flood(6), Recorder()
    deliver(outbox, {"team": team}, NOW)
    outbox.add(problem(99), "team")
    deliver(outbox, {"team": team}, NOW + HOUR)
    assert told(team)[1] == "Event 99 stopped"


def test_what_has_a_thread_of_its_own_stays_in_it():
    outbox, team = flood(3), Recorder()
    deliver(outbox, {"team": team}, NOW)
    for number in range(3):
        outbox.add(change(number), "team")
    deliver(outbox, {"team": team}, NOW + HOUR, Policy(digest_above=2))
    assert len(team.sent) == 6


def test_what_may_have_arrived_is_not_told_again_in_a_digest():
    outbox = flood(7)
    outbox.claim(outbox.pending()[0], NOW)
    team = Recorder()
    deliver(outbox, {"team": team}, NOW)
    assert sorted(told(team)) == ["6 problems at once", "Event 0 stopped"]


def test_what_another_process_has_is_not_gathered():
    outbox, team = flood(6), Recorder()
    outbox.taken.add("inc_3.1:team")
    deliver(outbox, {"team": team}, NOW)
    assert "Event 3 stopped" not in told(team)


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_flood_while_the_channel_is_away_is_still_one_message(failures):
    outbox, team = flood(100), Recorder([DeliveryError("busy", permanent=False)] * failures)
    for hour in range(5):
        deliver(outbox, {"team": team}, NOW + hour * HOUR)
    assert told(team) == ["100 problems at once"]


class TestMessage:
    def test_the_worst_comes_first_and_what_is_over_last(self):
        listed = [problem(1, severity=Severity.WARNING), problem(2), change(3)]
        [bullets] = [b for b in compose("digest_x", listed, listed, first=True).blocks if isinstance(b, Bullets)]
        assert [line[0] for line in bullets.lines] == ["🔴", "🟠", "🟢"]

    def test_it_says_how_many_of_each_there_are(self):
        listed = [problem(1, severity=Severity.WARNING), problem(2), problem(3)]
        assert compose("digest_x", listed, listed, first=True).summary == (
            "2 critical, 1 warning: Event 2 stopped; Event 3 stopped; Event 1 stopped."
        )

    def test_it_says_what_people_did_about_each(self):
        listed = [problem(1), change(1, Reason.WORSE)]
        shown = compose("digest_x", listed, listed[1:], first=False)
        assert shown.blocks[0].lines == ("🔴 Event 1 stopped – got worse (checkout@acme.example)",)

    @pytest.mark.parametrize(
        ("reasons", "told"),
        [
            pytest.param([Reason.RESOLVED, Reason.ACKNOWLEDGED], Reason.CHANGED, id="what may be read later"),
            pytest.param([Reason.RESOLVED, Reason.WORSE], Reason.WORSE, id="what got worse may not be missed"),
            pytest.param([Reason.REMINDER, Reason.REOPENED], Reason.REOPENED, id="nor what came back"),
        ],
    )
    def test_it_is_as_urgent_as_the_most_urgent_change(self, reasons, told):
        changes = [change(number, reason) for number, reason in enumerate(reasons)]
        assert compose("digest_x", [problem(9), *changes], changes, first=False).reason is told

    def test_it_calls_each_owner_once_and_not_everybody(self):
        listed = [problem(n, mention=f"team-{n % 20}") for n in range(40)]
        assert compose("digest_x", listed, listed, first=True).mention.split(", ") == [
            f"team-{n}" for n in range(CALLED)
        ]

    def test_it_leads_to_the_pages_if_there_are_any(self):
        listed = [problem(1)]
        links = [
            compose("digest_x", listed, listed, first=True, pages=p).blocks[-1] for p in ("https://t.example/", None)
        ]
        assert links[0] == Link("Open the incidents", "https://t.example/incidents")
        assert not isinstance(links[1], Link)

    def test_the_same_news_has_the_same_id(self):
        listed = [problem(1), problem(2)]
        ids = {compose("digest_x", told, told, first=True).id for told in (listed, listed[::-1])}
        assert len(ids) == 1
        assert compose("digest_x", [*listed, change(1)], [change(1)], first=False).id not in ids


def test_ten_thousand_problems_with_the_longest_names_are_one_message_that_slack_takes():
    with FakeSlack() as slack:
        team = Slack(token=slack.token, channel="C0ALERTS1", base_url=slack.url)
        outbox = flood(10_000, title=LONG, summary=LONG, mention=LONG)
        deliver(outbox, {"team": team}, NOW)
        assert len(slack.messages) == 1
        for number in range(10_000):
            outbox.add(change(number, title=LONG), "team")
        deliver(outbox, {"team": team}, NOW + HOUR)
        assert len(slack.roots()) == 1
        assert len(slack.messages) == 2
        assert set(outbox.ends.values()) == {
            "sent",
            *(r for r in outbox.ends.values() if r.startswith("told together")),
        }


class TestPace:
    @pytest.fixture
    def bucket(self):
        time = [0.0]
        self.slept = []

        def sleep(seconds):
            self.slept.append(seconds)
            time[0] += seconds

        made = Bucket(1.0, clock=lambda: time[0], sleep=sleep)
        self.time = time
        made.begin()
        return made

    def test_a_few_go_at_once(self, bucket):
        assert all(bucket.turn() for _ in range(int(BURST)))
        assert self.slept == []

    def test_then_each_waits_for_its_turn(self, bucket):
        assert all(bucket.turn() for _ in range(int(BURST) + 4))
        assert self.slept == [1.0] * 4

    def test_a_rest_is_made_good(self, bucket):
        for _ in range(int(BURST) + 4):
            bucket.turn()
        self.time[0] += 60
        assert all(bucket.turn() for _ in range(int(BURST)))
        assert self.slept == [1.0] * 4

    def test_a_pass_does_not_wait_for_long_and_the_next_goes_on(self, bucket):
        turns = [bucket.turn() for _ in range(100)]
        assert turns.count(True) == BURST + LONGEST_WAIT
        bucket.begin()
        assert bucket.turn()

    def test_what_has_no_turn_stays_for_the_next_pass(self, bucket):
        team = Paced(bucket)
        outbox = flood(30)
        deliver(outbox, {"team": team}, NOW, Policy(digest_above=100))
        assert len(team.recorder.sent) == BURST + LONGEST_WAIT
        for _ in range(3):
            deliver(outbox, {"team": team}, NOW, Policy(digest_above=100))
        assert len(team.recorder.sent) == 30


class Paced:
    """A channel that takes one message a second."""

    def __init__(self, turns: Bucket) -> None:
        self.turns = turns
        self.recorder = Recorder()

    def send(self, message, root):
        return self.recorder.send(replace(message), root)
