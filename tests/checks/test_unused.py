from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from checks.base import CHECKS
from checks.plan import Plan, PlannedEvent, PlannedProperty

ORDERS = ("Order Completed", "web")
ROWS = {ORDERS: 50.0}  # 1,200 a day
DAYS = 56
EACH_DAY_ANOTHER = np.arange(DAYS) + 1.0


def planned(**properties):
    named = {name: PlannedProperty(name=name, **more) for name, more in properties.items()}
    return Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], properties=named)})


def stored(make_profile, nulls=0.0, prints=EACH_DAY_ANOTHER, **more):
    measures = {"nulls": {(*ORDERS, "sort_by"): nulls}, "fingerprint": {(*ORDERS, "sort_by"): prints}}
    return make_profile(more.pop("rows", ROWS), measures, **({"judged": 24} | more))


@pytest.mark.parametrize(
    ("nulls", "prints", "kinds"),
    [
        pytest.param(1200.0, np.nan, ["always_null"], id="a column without a value"),
        pytest.param(0.0, 4711.0, ["constant"], id="a column with one value on all days"),
        pytest.param(1000.0, 4711.0, ["constant"], id="one value, and often none"),
        pytest.param(0.0, EACH_DAY_ANOTHER, [], id="one value a day, another each day"),
        pytest.param(0.0, -1.0, [], id="several values a day"),
        pytest.param(0.0, np.r_[np.full(DAYS - 1, 4711.0), -1.0], [], id="several values on one day only"),
        pytest.param(1100.0, EACH_DAY_ANOTHER, [], id="an optional property that is mostly empty"),
        pytest.param(np.r_[np.full(DAYS - 1, 1200.0), 1199.0], 4711.0, [], id="one value ever is neither"),
    ],
)
def test_a_column_is_judged_over_all_days(make_profile, problems, nulls, prints, kinds):
    assert [f.kind for f in problems("unused", stored(make_profile, nulls, prints))] == kinds


@pytest.mark.parametrize(
    ("prop", "kinds"),
    [
        pytest.param({}, ["constant"], id="a planned property"),
        pytest.param({"constant": True}, [], id="planned as constant"),
        pytest.param({"enum": ("relevance",)}, [], id="planned with one allowed value"),
        pytest.param({"key": True}, [], id="planned as a key"),
    ],
)
def test_what_the_plan_knows_to_be_constant_is_not_reported(make_profile, problems, prop, kinds):
    profile = stored(make_profile, prints=4711.0)
    assert [f.kind for f in problems("unused", profile, planned(sort_by=prop))] == kinds


def test_a_planned_property_without_a_column_was_never_sent(make_profile, problems):
    (found,) = problems("unused", stored(make_profile), planned(sort_by={}, has_photo={}))
    assert (found.kind, found.property, found.p_value) == ("never_sent", "has_photo", None)
    assert found.text == (
        "Order Completed.has_photo is planned, and was never sent in 67,200 messages: the store has no place for it."
    )


def test_an_empty_column_is_told_in_one_sentence(make_profile, problems):
    (found,) = problems("unused", stored(make_profile, 1200.0, np.nan))
    assert found.text == "Order Completed.sort_by has no value in 67,200 messages."


def test_a_property_that_one_source_fills_is_used(make_profile, problems):
    other = ("Order Completed", "ios")
    nulls = {(*ORDERS, "sort_by"): 1200.0, (*other, "sort_by"): 600.0}
    prints = {(*other, "sort_by"): EACH_DAY_ANOTHER}
    profile = make_profile(ROWS | {other: 50.0}, {"nulls": nulls, "fingerprint": prints}, judged=24)
    assert problems("unused", profile) == []


def test_two_sources_with_a_value_each_are_no_constant(make_profile, problems):
    other = ("Order Completed", "ios")
    nulls = {(*ORDERS, "sort_by"): 0.0, (*other, "sort_by"): 0.0}
    prints = {(*ORDERS, "sort_by"): 1.0, (*other, "sort_by"): 2.0}
    profile = make_profile(ROWS | {other: 50.0}, {"nulls": nulls, "fingerprint": prints}, judged=24)
    assert problems("unused", profile) == []


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(1344 - 48, id="two days of history tell too little"),
        pytest.param(1344, id="no message tells nothing"),
    ],
)
def test_nothing_is_said_of_what_was_hardly_seen(make_profile, judge, hours):
    values = np.full(1344, 50.0)
    values[:hours] = 0
    profile = stored(make_profile, 0.0, 4711.0, rows={ORDERS: values})
    assert judge("unused", profile, planned(has_photo={})) == []


def test_within_a_day_nothing_is_judged(make_profile, judge):
    assert judge("unused", replace(stored(make_profile, 1200.0, np.nan), hours=1344, judged=0)) == []


def test_what_is_used_is_said_to_be_healthy_so_that_its_notice_can_end(make_profile, judge):
    found = judge("unused", stored(make_profile), planned(sort_by={}))
    assert sorted(f.kind for f in found) == ["always_null", "constant", "never_sent"]
    assert not any(f.relevant or f.text for f in found)


def test_all_kinds_are_notices_and_have_no_chart(make_profile, problems, evidence_of):
    profile = stored(make_profile, 1200.0, np.nan)
    assert all(kind.notice for kind in CHECKS["unused"].kinds.values())
    assert evidence_of("unused", profile, *problems("unused", profile)) is None
