from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty

PLANNED, HOURS = "Wishlist Item Added", 8 * 168
PLAN = Plan(
    events={
        name: PlannedEvent(name=name, properties={"sku": PlannedProperty(name="sku")})
        for name in (PLANNED, "Order Completed")
    }
)


def renaming(make_profile, traffic, *, heir="wishlist_add", gone=30, born=30, share=1.0, source="web", fields=()):
    """Return a profile in which the planned event ends, and another begins, that many hours ago."""
    old, new = traffic(20.0, seed=1), np.round(traffic(20.0, seed=2) * share)
    old[HOURS - gone :] = 0
    new[: HOURS - born] = 0
    rows = {(PLANNED, "web"): old, (heir, source): new, ("Order Completed", "web"): traffic(50.0, seed=3)}
    return make_profile(rows, judged=6, fields=fields)


def found(problems, profile, kind="renamed", **params):
    return [f for f in problems("unplanned", profile, PLAN, **params) if f.kind == kind]


def test_an_event_that_dies_while_another_is_born_was_renamed(make_profile, problems, traffic):
    (first, *_) = found(problems, renaming(make_profile, traffic))
    assert (first.event, first.source, first.effect) == (PLANNED, "web", -1.0)
    assert "instead wishlist_add came" in first.text
    assert first.text.endswith("which is in no plan.")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"gone": 0}, id="the planned event goes on"),
        pytest.param({"born": 200}, id="the other began a week before"),
        pytest.param({"share": 0.1}, id="the other comes ten times less often"),
        pytest.param({"heir": "Video Played"}, id="the names have nothing in common"),
        pytest.param({"source": "ios"}, id="the other comes from another source"),
    ],
)
def test_it_was_not_renamed_if(make_profile, problems, traffic, changes):
    assert found(problems, renaming(make_profile, traffic, **changes)) == []


def test_the_same_properties_tell_as_much_as_the_name(make_profile, problems, traffic):
    fields = [(event, "web", name) for event in (PLANNED, "Video Played") for name in ("sku", "list_id", "price")]
    assert found(problems, renaming(make_profile, traffic, heir="Video Played", fields=fields))


def test_who_is_tested_depends_on_births_alone(make_profile, judge, traffic):
    tested = [f for f in judge("unplanned", renaming(make_profile, traffic, gone=0), PLAN) if f.kind == "renamed"]
    assert {f.event for f in tested} == {PLANNED, "Order Completed"}
    assert len(tested) == 2 * 6


def test_what_nobody_planned_is_a_notice(make_profile, problems, traffic):
    profile = make_profile({("Foo Barred", "web"): traffic(2.0), ("Order Completed", "web"): traffic(9.0)}, judged=24)
    (notice,) = found(problems, profile, "event")
    assert notice.text.startswith("Foo Barred arrives from web, ")
    assert found(problems, profile, "event", min_rows=10**6) == []


def test_a_property_that_nobody_planned_is_a_notice(make_profile, problems, traffic):
    fields = [("Order Completed", "web", "sku"), ("Order Completed", "web", "skuu")]
    profile = make_profile({("Order Completed", "web"): traffic(9.0)}, judged=24, fields=fields)
    assert [f.property for f in found(problems, profile, "property")] == ["skuu"]


def test_without_a_plan_nothing_is_unplanned(make_profile, judge, traffic):
    assert judge("unplanned", renaming(make_profile, traffic), Plan()) == []


def test_the_chart_shows_the_end_of_the_old_name(make_profile, problems, traffic, evidence_of):
    profile = renaming(make_profile, traffic)
    shown = evidence_of("unplanned", profile, found(problems, profile)[-1], PLAN)
    assert shown.observed[-1] == 0
    assert isinstance(shown.starts[0].astype(object), dt.datetime)
