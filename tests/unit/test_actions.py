from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from checks.base import Finding
from monitor.acting import act
from monitor.actions import Action, Verb, apply, replay
from monitor.alerts.deliver import Delivery
from monitor.alerts.message import Reason, Severity
from monitor.config import load_config
from monitor.errors import UsageError
from monitor.history.memory import Memory
from monitor.incidents import Incident, Mark, State, Subject
from monitor.testing.memory import Recorder, example

NOW = dt.datetime(2026, 3, 2, 13, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
OPEN = Incident(
    id="inc_1",
    subject=Subject("down", "Order Completed"),
    severity=Severity.CRITICAL,
    started=NOW - DAY,
    last_seen=NOW,
    findings=(Finding(check="missing", kind="stopped", event="Order Completed", text="Nothing came."),),
    told=Severity.CRITICAL,
)
HELD = replace(OPEN, state=State.ACKNOWLEDGED, by="Ann")
OVER = replace(OPEN, state=State.RESOLVED, resolved=NOW, told=None)


def action(verb: Verb, **fields) -> Action:
    until = {"until": NOW + DAY} if verb is Verb.SNOOZE else {}
    return Action(**{"verb": verb, "incident": "inc_1", "by": "Ann", "via": "cli", "at": NOW, **until, **fields})


@pytest.mark.parametrize(
    ("before", "done", "state", "mark"),
    [
        pytest.param(OPEN, action(Verb.ACKNOWLEDGE), State.ACKNOWLEDGED, None, id="somebody has it in hand"),
        pytest.param(HELD, action(Verb.ACKNOWLEDGE, by="Bob"), State.ACKNOWLEDGED, None, id="somebody else takes over"),
        pytest.param(OPEN, action(Verb.SNOOZE), State.SNOOZED, None, id="nobody is told for a while"),
        pytest.param(HELD, action(Verb.SNOOZE), State.SNOOZED, None, id="who has it in hand may snooze it"),
        pytest.param(OPEN, action(Verb.RESOLVE), State.RESOLVED, None, id="somebody says that it is over"),
        pytest.param(OPEN, action(Verb.NOISE), State.ACKNOWLEDGED, Mark.NOISE, id="noise is told no more"),
        pytest.param(OVER, action(Verb.NOISE), State.RESOLVED, Mark.NOISE, id="noise is said of what is over, too"),
        pytest.param(OPEN, action(Verb.USEFUL), State.OPEN, Mark.USEFUL, id="useful changes nothing but the mark"),
        pytest.param(OPEN, action(Verb.NOTE, note="see #12"), State.OPEN, None, id="a note changes nothing"),
    ],
)
def test_what_an_action_does(before, done, state, mark):
    after = apply(before, done)
    assert (after.state, after.mark, after.actions) == (state, mark, 1)
    assert after.is_open == (state is not State.RESOLVED)


@pytest.mark.parametrize(
    ("before", "done", "said"),
    [
        pytest.param(OVER, action(Verb.ACKNOWLEDGE), "is over", id="what is over is in nobody's hands"),
        pytest.param(OVER, action(Verb.SNOOZE), "is over", id="what is over is not snoozed"),
        pytest.param(OVER, action(Verb.RESOLVE), "is over", id="what is over cannot end"),
        pytest.param(HELD, action(Verb.ACKNOWLEDGE), "Ann has acknowledged", id="a button pressed twice"),
        pytest.param(OPEN, action(Verb.SNOOZE, until=None), "until when", id="a snooze without an end"),
        pytest.param(OPEN, action(Verb.SNOOZE, until=NOW), "until when", id="a snooze that is over"),
        pytest.param(OPEN, action(Verb.NOTE), "needs words", id="an empty note"),
        pytest.param(OPEN, action(Verb.USEFUL, by=" "), "who", id="nobody says so"),
    ],
)
def test_what_makes_no_sense_is_refused(before, done, said):
    with pytest.raises(UsageError, match=said):
        apply(before, done)


def test_an_action_that_came_too_late_is_void_and_counted():
    assert replay(OVER, [action(Verb.ACKNOWLEDGE)]) == replace(OVER, actions=1)


@pytest.fixture
def config(tmp_path):
    (tmp_path / "trackwatch.yml").write_text('version: 1\nstore: {url: "duckdb:///unused.duckdb"}\n')
    return replace(load_config(tmp_path / "trackwatch.yml"), channels={"team": Recorder(), "mail": Recorder()})


@pytest.fixture
def memory(tmp_path):
    kept = Memory(f"sqlite:///{tmp_path}/state.db", "production")
    kept.note([OPEN], ())
    return kept


class TestActing:
    def test_the_incident_the_action_and_the_messages_are_kept(self, config, memory):
        after = act(config, memory, action(Verb.ACKNOWLEDGE, note="on it"))
        assert memory.incident("inc_1") == after
        assert memory.actions("inc_1") == (action(Verb.ACKNOWLEDGE, note="on it"),)
        assert {(d.channel, d.message.reason) for d in memory.outbox.pending()} == {
            ("team", Reason.ACKNOWLEDGED),
            ("mail", Reason.ACKNOWLEDGED),
        }

    @pytest.mark.parametrize(
        ("verb", "summary"),
        [
            (Verb.ACKNOWLEDGE, "Acknowledged by Ann. Nothing came."),
            (Verb.SNOOZE, "Snoozed by Ann until Tue 3 Mar, 13:00. Nothing came."),
            (Verb.RESOLVE, "Resolved by Ann. If it goes on, it is opened again."),
            (Verb.NOISE, "Acknowledged by Ann, as noise. Nothing came."),
        ],
    )
    def test_people_are_told_what_somebody_did(self, config, memory, verb, summary):
        act(config, memory, action(verb))
        assert {delivery.message.summary for delivery in memory.outbox.pending()} == {summary}

    @pytest.mark.parametrize("done", [action(Verb.USEFUL), action(Verb.NOTE, note="see #12")])
    def test_what_changes_nothing_for_others_is_not_told(self, config, memory, done):
        act(config, memory, done)
        assert memory.outbox.pending() == []

    def test_what_is_refused_is_not_kept(self, config, memory):
        with pytest.raises(UsageError):
            act(config, memory, action(Verb.SNOOZE, until=None))
        with pytest.raises(UsageError, match="no incident 'inc_9'"):
            act(config, memory, action(Verb.RESOLVE, incident="inc_9"))
        assert (memory.incident("inc_1"), memory.actions(), memory.outbox.pending()) == (OPEN, (), [])

    def test_a_run_that_began_before_does_not_undo_it(self, config, memory):
        act(config, memory, action(Verb.ACKNOWLEDGE))
        memory.note([replace(OPEN, last_seen=NOW + HOUR)], ())
        kept = memory.incident("inc_1")
        assert (kept.state, kept.by, kept.last_seen) == (State.ACKNOWLEDGED, "Ann", NOW + HOUR)

    def test_actions_are_listed_by_incident_and_time(self, config, memory):
        act(config, memory, action(Verb.USEFUL))
        act(config, memory, action(Verb.NOTE, note="later", at=NOW + HOUR))
        assert [done.verb for done in memory.actions()] == [Verb.USEFUL, Verb.NOTE]
        assert [done.note for done in memory.actions(since=NOW + HOUR)] == ["later"]
        assert memory.actions("inc_2") == ()


def test_what_must_be_told_at_once_takes_along_what_waits_for_the_morning(memory):
    first, second = example(id="a", incident="inc_1"), example(id="b", incident="inc_1")
    memory.note([OPEN], [Delivery(id="a", channel="team", message=first, next_try=NOW + DAY)])
    assert [delivery.next_try for delivery in memory.outbox.pending()] == [NOW + DAY]
    memory.note([OPEN], [Delivery(id="b", channel="team", message=second)])
    assert [delivery.next_try for delivery in memory.outbox.pending()] == [None, None]
