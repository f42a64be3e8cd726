from __future__ import annotations

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty

DAYS = 56
LAST = np.arange(DAYS) == DAYS - 1
PLACE = ("Order Completed", "web")
PLAN = Plan(
    events={
        "Order Completed": PlannedEvent(
            name="Order Completed",
            properties={"total": PlannedProperty(name="total", type="number", required=True)},
        )
    }
)


def shop(make_profile, bad, label="", source="web", nulls=0.0, mistyped=0.0):
    """Return a profile of 1,200 messages a day, `bad` of which the pipe finds wrong on the last day."""
    verdicts = {(PLACE[0], source, None, label): np.where(LAST, bad, 0)}
    daily = {"nulls": {(*PLACE, "total"): nulls}, "mistyped.type": {(*PLACE, "total"): mistyped}}
    return make_profile({PLACE: 50.0}, {"verdicts": verdicts, **daily}, judged=24)


def told(found):
    return [finding for finding in found if finding.kind != "disagreement"]


@pytest.mark.parametrize(
    ("label", "bad", "kinds"),
    [
        pytest.param("", 120, ["violation"], id="a tenth of the messages says that it breaks the pipe's plan"),
        pytest.param("", 6, [], id="half a percent is acceptable"),
        pytest.param("violation_generated", 120, ["violation"], id="violations are forwarded"),
        pytest.param("rudder_discards", 30, ["discarded"], id="values did not fit their column"),
        pytest.param("rudder_discards", 1, [], id="one value is an accident"),
        pytest.param("failed", 120, ["refused"], id="events were refused"),
        pytest.param("failed", 3, [], id="three refused events are fewer than matter"),
        pytest.param("failed", 0, [], id="the pipe finds nothing wrong"),
    ],
)
def test_what_the_pipe_finds_wrong_is_told(make_profile, problems, label, bad, kinds):
    assert [f.kind for f in told(problems("verdicts", shop(make_profile, bad, label), PLAN))] == kinds


@pytest.mark.parametrize(
    ("label", "text"),
    [
        pytest.param("", "by the pipe's own plan 120 of 1,200 messages of a day are wrong (10 %)", id="violations"),
        pytest.param("rudder_discards", "120 of 1,200 messages of a day lost values that did not fit", id="discards"),
        pytest.param("failed", "the pipe refused 120 of 1,320 messages of a day (9.1 %)", id="failed events"),
    ],
)
def test_it_says_what_the_pipe_says(make_profile, problems, label, text):
    (finding,) = told(problems("verdicts", shop(make_profile, 120, label), PLAN))
    assert text in finding.text


def test_a_verdict_that_names_no_source_is_about_the_event(make_profile, problems):
    (finding,) = problems("verdicts", shop(make_profile, 120, "failed", source=""), PLAN)
    assert (finding.event, finding.source) == ("Order Completed", None)
    assert finding.text.startswith("Order Completed: the pipe refused")


@pytest.mark.parametrize(
    ("bad", "nulls", "mistyped", "stale"),
    [
        pytest.param(840, 0, 0, True, id="the pipe has a rule that this plan lacks"),
        pytest.param(840, 120, 0, False, id="both find every tenth message of the week wrong"),
        pytest.param(840, 70, 70, False, id="of what breaks two rules each may be of the same messages"),
        pytest.param(7, 360, 0, True, id="this plan has a rule that the pipe lacks"),
        pytest.param(7, 1, 1, False, id="hardly anything is wrong for both"),
        pytest.param(0, 360, 0, False, id="a pipe that never speaks of a source has no plan for it"),
    ],
)
def test_that_pipe_and_plan_disagree_is_a_notice(make_profile, judge, bad, nulls, mistyped, stale):
    profile = shop(make_profile, bad, nulls=nulls, mistyped=mistyped)
    found = [f for f in judge("verdicts", profile, PLAN) if f.kind == "disagreement" and f.relevant]
    assert len(found) == stale


def test_a_disagreement_names_both_sides(make_profile, judge):
    found = judge("verdicts", shop(make_profile, 840, mistyped=12), PLAN)
    (finding,) = [f for f in found if f.kind == "disagreement"]
    assert finding.text == (
        "Order Completed on web: of the messages of 7 days the pipe calls 10 % wrong, and the plan 1 %."
    )


def test_a_store_without_verdicts_says_nothing(make_profile, problems):
    assert problems("verdicts", make_profile({PLACE: 50.0}, judged=24), PLAN) == []


def test_the_chart_shows_the_share(make_profile, problems, evidence_of):
    profile = shop(make_profile, 120)
    finding = told(problems("verdicts", profile, PLAN))[0]
    assert evidence_of("verdicts", profile, finding, PLAN).observed[-1] == pytest.approx(10.0)
