from __future__ import annotations

import pytest

from checks.base import Finding
from checks.plan import Plan, PlannedEvent, Priority, Question
from monitor.alerts.message import Severity
from monitor.severity import judge_severity

ASKED = PlannedEvent(name="asked", priority=Priority.NORMAL, answers=("q",))
PLAN = Plan(
    questions={"q": Question(name="q", ask="Why?")},
    events={p.value: PlannedEvent(name=p.value, priority=p) for p in Priority} | {"asked": ASKED},
)


def judged(event, effect, rows=100.0, p_value=1e-9, *, notice=False):
    found = Finding(kind="drop", event=event, effect=effect, rows=rows, p_value=p_value)
    return judge_severity(found, PLAN, notice=notice)


@pytest.mark.parametrize(
    ("event", "effect", "rows", "severity"),
    [
        pytest.param("critical", -0.3, 100, Severity.CRITICAL, id="anything on a critical event"),
        pytest.param("critical", -0.3, 5, Severity.CRITICAL, id="even of a few messages"),
        pytest.param("high", -0.9, 100, Severity.CRITICAL, id="most of an important event"),
        pytest.param("high", -0.3, 100, Severity.WARNING, id="a part of an important event"),
        pytest.param("normal", -0.9, 100, Severity.WARNING, id="most of an ordinary event"),
        pytest.param("normal", -0.3, 100, Severity.WARNING, id="a part of an ordinary event"),
        pytest.param("normal", -0.3, 5, Severity.INFO, id="a few messages of an ordinary event"),
        pytest.param("normal", -1.0, 5, Severity.WARNING, id="a rare event that stopped"),
        pytest.param("normal", -0.9, 5000, Severity.WARNING, id="thousands, on which nobody's question depends"),
        pytest.param("asked", -0.9, 5000, Severity.CRITICAL, id="thousands, on which a question depends"),
        pytest.param("asked", -0.9, 500, Severity.WARNING, id="hundreds, on which a question depends"),
        pytest.param("low", -0.3, 100, Severity.INFO, id="a part of an event that nobody hangs on"),
        pytest.param("low", -0.9, 100, Severity.WARNING, id="most of it"),
        pytest.param("not in the plan", -0.3, 100, Severity.INFO, id="a part of an unplanned event"),
    ],
)
def test_severity_comes_from_priority_effect_volume_and_questions(event, effect, rows, severity):
    assert judged(event, effect, rows).severity is severity


def test_a_broken_rule_is_serious_whatever_its_effect():
    assert judged("high", 0.0, p_value=None).severity is Severity.CRITICAL


def test_a_notice_wakes_nobody_even_on_a_critical_event():
    assert judged("critical", -1.0, notice=True).severity is Severity.INFO


def test_the_reasons_are_told_in_words():
    reasons = judged("asked", -0.9, 5000).reasons
    assert (
        ", ".join(reasons)
        == "normal priority, half or more of it is wrong, 5,000 messages, on which 1 question depends"
    )
    assert judged("normal", -0.3, 5).reasons[-1] == "only 5 messages"
