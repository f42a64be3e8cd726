from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from checks.base import Finding
from monitor.acting import act
from monitor.actions import Action, Verb
from monitor.alerts.message import Severity
from monitor.config import load_config
from monitor.feedback import Precision, demoted, precisions
from monitor.history.memory import Memory
from monitor.incidents import Incident, Subject
from monitor.pipeline import heeding

NOW = dt.datetime(2026, 3, 2, 13, tzinfo=dt.UTC)


def incident(number: int, check: str = "volume") -> Incident:
    return Incident(
        id=f"inc_{number}",
        subject=Subject("loss", f"Event {number}"),
        severity=Severity.WARNING,
        started=NOW,
        last_seen=NOW,
        findings=(Finding(check=check, kind="drop", event=f"Event {number}"),),
    )


def said(verb: Verb, number: int) -> Action:
    return Action(verb=verb, incident=f"inc_{number}", by="Ann", via="slack", at=NOW)


def test_the_precision_of_a_check_is_the_share_of_its_alerts_that_were_useful():
    incidents = [incident(1), incident(2), incident(3), incident(4, "schema")]
    actions = [said(Verb.NOISE, 1), said(Verb.USEFUL, 2), said(Verb.NOISE, 3), said(Verb.USEFUL, 4)]
    found = precisions(actions, incidents)
    assert [(each.check, each.useful, each.noise) for each in found] == [("volume", 1, 2), ("schema", 1, 0)]


def test_the_last_word_on_an_incident_counts_and_other_verbs_do_not():
    (found,) = precisions([said(Verb.NOISE, 1), said(Verb.USEFUL, 1), said(Verb.ACKNOWLEDGE, 1)], [incident(1)])
    assert (found.useful, found.noise) == (1, 0)


@pytest.mark.parametrize(
    ("useful", "noise", "is_noise"),
    [(0, 2, False), (0, 4, True), (1, 5, False), (1, 9, True), (5, 0, False), (45, 55, False), (30, 70, True)],
)
def test_a_check_is_noise_when_that_is_sure(useful, noise, is_noise):
    precision = Precision("volume", useful, noise)
    assert precision.is_noise is is_noise
    assert 0 <= precision.interval[0] <= precision.share <= precision.interval[1] <= 1


class TestHeeding:
    @pytest.fixture
    def config(self, tmp_path):
        (tmp_path / "trackwatch.yml").write_text('version: 1\nstore: {url: "duckdb:///unused.duckdb"}\n')
        return replace(load_config(tmp_path / "trackwatch.yml"), channels={})

    @pytest.fixture
    def memory(self, tmp_path):
        kept = Memory(f"sqlite:///{tmp_path}/state.db", "production")
        kept.note([incident(i) for i in range(6)], ())
        return kept

    def test_what_people_call_noise_lowers_the_check_and_says_why(self, config, memory):
        for i in range(6):
            act(config, memory, said(Verb.NOISE, i))
        assert heeding(config, memory, NOW).telling.demoted == {
            "volume": "0 of 6 alerts of volume were called useful (0 % to 33 %)"
        }

    def test_it_is_raised_again_when_people_say_so_or_when_it_is_long_ago(self, config, memory):
        for i in range(6):
            act(config, memory, said(Verb.NOISE, i))
        assert heeding(config, memory, NOW + dt.timedelta(days=91)) == config
        for i in range(4):
            act(config, memory, said(Verb.USEFUL, i))
        assert heeding(config, memory, NOW) == config


def test_nothing_is_lowered_without_marks():
    assert demoted(precisions([], [incident(1)])) == {}
