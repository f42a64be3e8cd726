from __future__ import annotations

import datetime as dt

import pytest

from checks.base import Finding, Usage
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.incidents import Incident, State, Subject
from monitor.inventory import HeldEvent, HeldProperty, Inventory
from monitor.report.cleanup import CleanUp, cleanup_list, removable, saved
from monitor.severity import Severity

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PLAN = Plan(
    events={
        "Order Completed": PlannedEvent(
            name="Order Completed",
            properties={
                name: PlannedProperty(name=name, key=name == "order_id") for name in ("order_id", "coupon", "note")
            },
        ),
        "Refunded": PlannedEvent(name="Refunded", answers=("conversion",)),
    }
)
ORDERS = HeldEvent(
    sources={"web": 900},
    properties={"coupon": HeldProperty(values=500, bytes=4000), "note": HeldProperty(values=700, bytes=9000)},
    bytes=50_000,
)
HELD = Inventory(since=NOW, until=NOW, events={"Order Completed": ORDERS, "Refunded": HeldEvent(sources={"web": 30})})


def notice(kind: str, prop: str | None, event: str = "Order Completed", check: str = "unused", **changes) -> Incident:
    finding = Finding(check=check, kind=kind, event=event, property=prop, text=f"{kind} {prop}")
    known = {"id": f"{kind}{prop}", "severity": Severity.INFO, "started": NOW, "last_seen": NOW, **changes}
    return Incident(subject=Subject(kind, event, prop), findings=(finding,), **known)


def listed(*incidents: Incident, usage: Usage | None = None) -> tuple[CleanUp, ...]:
    return cleanup_list(incidents, PLAN, HELD, usage)


def test_what_holds_no_data_goes_first_and_what_saves_more_goes_before_what_saves_less():
    found = listed(
        notice("never_queried", "coupon"), notice("never_queried", "note"), notice("never_sent", "has_photo")
    )
    assert [(item.step, item.property) for item in found] == [(1, "has_photo"), (5, "note"), (5, "coupon")]
    assert saved(found) == (1200, 13_000)


def test_two_reasons_for_one_property_are_one_entry_at_the_safer_step():
    (found,) = listed(notice("never_queried", "coupon"), notice("constant", "coupon"))
    assert (found.kinds, found.step, found.rows, found.bytes) == (("constant", "never_queried"), 3, 500, 4000)


def test_an_event_that_goes_takes_its_properties_with_it():
    (found,) = listed(notice("never_queried", None), notice("constant", "coupon"))
    assert (found.property, found.rows, found.bytes) == (None, 900, 50_000)


@pytest.mark.parametrize(
    ("incident", "usage", "why"),
    [
        pytest.param(
            notice("constant", "coupon"),
            Usage(50, frozenset({"Order Completed"}), frozenset({("Order Completed", "coupon")})),
            "",
            id="what something reads",
        ),
        pytest.param(notice("never_queried", "order_id"), None, "it identifies one occurrence", id="a key"),
        pytest.param(
            notice("never_queried", None, "Refunded"),
            None,
            "it helps to answer conversion",
            id="what answers a question",
        ),
    ],
)
def test_what_is_needed_comes_last_and_is_not_taken_out_of_the_plan(incident, usage, why):
    (found,) = listed(incident, usage=usage)
    assert (found.step, found.needed, removable([found])) == (7, why, ())


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(notice("constant", "coupon", state=State.RESOLVED, resolved=NOW), id="one that is over"),
        pytest.param(notice("stopped", None, check="missing"), id="one of another check"),
    ],
)
def test_other_incidents_are_not_looked_at(incident):
    assert listed(incident) == ()


def test_only_what_the_plan_writes_down_is_taken_out_of_it():
    found = listed(notice("never_sent", "coupon"), notice("always_null", "legacy"), notice("never_seen", None, "Gone"))
    assert removable(found) == (("events", "Order Completed", "properties", "coupon"),)


def test_without_any_run_there_is_nothing_to_say():
    assert cleanup_list((), PLAN, None, None) == ()
    assert saved(()) == (0, None)
