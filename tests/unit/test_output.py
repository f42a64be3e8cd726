from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from checks.base import Bucket, Finding, Kind
from checks.plan import Plan
from monitor.account import Learned, LeftOut, Price
from monitor.alerts.message import Severity
from monitor.compose import Composer
from monitor.config import Budget
from monitor.decide import Verdict
from monitor.incidents import Incident, Opening, State, Subject
from monitor.output import document, exit_code

END = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
BUCKET = Bucket(END - dt.timedelta(hours=1), END)
BAD = Finding(check="volume", kind="drop", event="A", source="ios", bucket=BUCKET, p_value=1e-9, high=float("inf"))
GOOD = Finding(check="volume", kind="drop", event="B", bucket=BUCKET, p_value=0.5)
PRICE = Price(1e-5, 2, 80, 76.0, 1, 1.5, 0.01, 0.005)
LEARNED = Learned(END, END, 54, (LeftOut(END, END, "a sale"),))
INCIDENT = Incident(
    opening=Opening(BAD, PRICE, LEARNED),
    id="inc_1",
    subject=Subject("loss", "A"),
    severity=Severity.WARNING,
    started=END,
    last_seen=END,
    findings=(BAD,),
)
COMPOSER = Composer(Plan(), lambda _: Kind("{subject} dropped", "look"), ZoneInfo("UTC"), Budget(1.0))
SUMMARY = {"events": 2, "statements": 1, "rows": 3, "seconds": 0.1}
DOCUMENTED = Path(__file__).parents[2] / "docs" / "reference" / "json.md"


def made(*, everything: bool = False):
    verdicts = [Verdict(GOOD, False, Severity.INFO, 1e-5), Verdict(BAD, True, Severity.WARNING, 1e-5)]
    return document(
        now=END, verdicts=verdicts, incidents=[INCIDENT], composer=COMPOSER, summary=SUMMARY, everything=everything
    )


def fields(value):
    """Return the names of all fields, at every depth of the first of each list."""
    if isinstance(value, list):
        return fields(value[0]) if value else None
    return {name: fields(inner) for name, inner in value.items()} if isinstance(value, dict) else None


def test_the_document_has_the_fields_that_are_documented():
    documented = json.loads(re.findall(r"```json\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)[0])
    ours = made()
    for part in ("findings", "summary"):
        assert fields(ours[part]) == fields(documented[part])
    assert ours["incidents"][0].keys() == documented["incidents"][0].keys()
    assert fields(ours["incidents"][0]["decision"]) == fields(documented["incidents"][0]["decision"])
    assert ours.keys() == documented.keys()


@pytest.mark.parametrize(("everything", "kept"), [(False, ["A"]), (True, ["B", "A"])])
def test_problems_are_kept_and_the_rest_on_request(everything, kept):
    assert [finding["event"] for finding in made(everything=everything)["findings"]] == kept
    assert made()["summary"] == {**SUMMARY, "findings": 2, "problems": 1, "incidents": 1}


@pytest.mark.parametrize("everything", [False, True])
def test_an_incident_points_at_its_findings(everything):
    ours = made(everything=everything)
    (place,) = ours["incidents"][0]["findings"]
    assert ours["findings"][place]["event"] == "A"


def test_what_json_cannot_hold_is_null():
    assert made()["findings"][0]["high"] is None
    json.dumps(made(), allow_nan=False)


@pytest.mark.parametrize(
    ("state", "severity", "fail_on", "code"),
    [
        pytest.param(State.OPEN, Severity.WARNING, "warning", 1, id="an open warning"),
        pytest.param(State.OPEN, Severity.WARNING, "critical", 0, id="a warning where only critical counts"),
        pytest.param(State.OPEN, Severity.CRITICAL, "never", 0, id="nothing counts"),
        pytest.param(State.OPEN, Severity.INFO, "warning", 0, id="a notice"),
        pytest.param(State.RESOLVED, Severity.CRITICAL, "warning", 0, id="what is over"),
    ],
)
def test_the_exit_code_is_drawn_by_severity(state, severity, fail_on, code):
    incident = Incident(
        id="i", subject=Subject("loss"), state=state, severity=severity, started=END, last_seen=END, findings=(BAD,)
    )
    assert exit_code([incident], fail_on) == code
