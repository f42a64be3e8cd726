from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from checks.base import CHECKS, Measure, Stat, Usage
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
    found = judge("unused", profile, planned(has_photo={}))
    assert [f for f in found if f.kind != "event_never_seen"] == []
    assert not any(f.relevant for f in found)


@pytest.mark.parametrize(
    ("other", "prints", "copies"),
    [
        pytest.param(np.arange(DAYS) + 7.0, -1.0, ["sort_by"], id="the same sums on all days"),
        pytest.param(np.r_[np.arange(DAYS - 1) + 7.0, 1.0], -1.0, [], id="another sum on one day"),
        pytest.param(np.arange(DAYS) + 7.0, 4711.0, [], id="two constants are no copies"),
    ],
)
def test_two_properties_with_the_same_values_are_one_too_many(make_profile, problems, other, prints, copies):
    sums = {(*ORDERS, "order_by"): np.arange(DAYS) + 7.0, (*ORDERS, "sort_by"): other}
    measures = {
        "nulls": dict.fromkeys(sums, 0.0), "fingerprint": dict.fromkeys(sums, prints), "checksum": sums,
    }  # fmt: skip
    found = problems("unused", make_profile(ROWS, measures, judged=24))
    assert [f.property for f in found if f.kind == "copy"] == copies


def test_of_two_copies_the_planned_one_is_kept(make_profile, problems):
    sums = {(*ORDERS, name): np.arange(DAYS) + 7.0 for name in ("a_copy", "sort_by")}
    measures = {"nulls": dict.fromkeys(sums, 0.0), "fingerprint": dict.fromkeys(sums, -1.0), "checksum": sums}
    (found,) = problems("unused", make_profile(ROWS, measures, judged=24), planned(sort_by={}))
    assert found.text == ("Order Completed.a_copy has the same value as sort_by in all 67,200 messages that carry it.")


def sketched(make_profile, share):
    daily = {"distinct": {(*ORDERS, "sort_by"): 1200.0 * share}}
    base = {"nulls": {(*ORDERS, "sort_by"): 0.0}, "fingerprint": {(*ORDERS, "sort_by"): -1.0}}
    return make_profile(ROWS, base | daily, judged=24)


@pytest.mark.parametrize(
    ("share", "kinds"),
    [
        pytest.param(0.95, ["unique"], id="what people write is another text each time"),
        pytest.param(0.5, [], id="a value that comes twice is something to count by"),
    ],
)
def test_a_text_that_is_never_the_same_says_nothing_that_can_be_counted(make_profile, problems, share, kinds):
    assert [f.kind for f in problems("unused", sketched(make_profile, share))] == kinds


def test_a_handful_of_values_a_day_that_differ_are_chance(make_profile, problems):
    daily = {"nulls": {(*ORDERS, "sort_by"): 1180.0}, "fingerprint": {(*ORDERS, "sort_by"): -1.0}}
    profile = make_profile(ROWS, daily | {"distinct": {(*ORDERS, "sort_by"): 20.0}}, judged=24)
    assert problems("unused", profile) == []


@pytest.mark.parametrize(
    ("name", "prop", "asked"),
    [
        pytest.param("comment", {"type": "string"}, True, id="a text"),
        pytest.param("search_text", {}, False, id="a property without a type"),
        pytest.param("order_id", {"type": "string"}, False, id="an id by its name"),
        pytest.param("reference", {"type": "string", "key": True}, False, id="a key"),
        pytest.param("sort_by", {"type": "string", "enum": ("a",)}, False, id="one of a few values"),
        pytest.param("link", {"type": "string", "format": "uri"}, False, id="a format"),
        pytest.param("email", {"type": "string", "personal": True}, False, id="what says who somebody is"),
    ],
)
def test_different_values_are_counted_only_where_they_may_be_free_text(name, prop, asked):
    check = CHECKS["unused"]
    wanted = check.check.measures(planned(**{name: prop}), check.params())
    assert (Measure(Stat.DISTINCT, ORDERS[0], name) in set(wanted)) is asked


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        pytest.param(10, ["no_longer_sent"], id="no value for ten days"),
        pytest.param(3, [], id="no value for three days may be an accident"),
    ],
)
def test_a_property_that_came_and_does_not_is_no_longer_sent(make_profile, problems, days, kinds):
    nulls = np.r_[np.full(DAYS - days, 200.0), np.full(days, 1200.0)]
    assert [f.kind for f in problems("unused", stored(make_profile, nulls))] == kinds


def test_an_event_that_has_a_place_and_no_message_is_told(make_profile, problems):
    profile = stored(make_profile)
    more = replace(profile.catalog, events=profile.catalog.events | {"Signed Out": frozenset({"web"})})
    (planned_one, stored_one) = problems(
        "unused", replace(profile, catalog=more), Plan(events={"Refunded": PlannedEvent(name="Refunded")})
    )
    assert planned_one.text == "Refunded is planned, and not one message has come."
    assert (stored_one.kind, stored_one.text) == (
        "event_never_seen",
        "Signed Out has a place in the store, and not one message has come.",
    )


def read_by(profile, *properties, events=(ORDERS[0],), queries=412):
    usage = Usage(queries, frozenset(events), frozenset((ORDERS[0], name) for name in properties))
    return replace(profile, catalog=replace(profile.catalog, usage=usage))


@pytest.mark.parametrize(
    ("read", "subjects"),
    [
        pytest.param({}, [], id="nobody said where queries lie"),
        pytest.param({"properties": ["sort_by"]}, [], id="something reads it"),
        pytest.param({}, ["sort_by"], id="nothing reads it"),
        pytest.param({"events": ()}, [None], id="of an event that nothing reads only the event is told"),
        pytest.param({"queries": 3}, [], id="three queries are too few to know"),
    ],
)
def test_what_no_query_reads_is_told_once_enough_of_them_were_seen(make_profile, problems, read, subjects, request):
    profile = stored(make_profile)
    if "nobody" not in request.node.callspec.id:
        profile = read_by(profile, *read.pop("properties", ()), **read)
    found = problems("unused", profile)
    assert [(f.kind, f.property) for f in found] == [("never_queried", subject) for subject in subjects]


def test_the_sentence_says_how_many_queries_were_seen(make_profile, problems):
    (found,) = problems("unused", read_by(stored(make_profile)))
    assert found.text == "Order Completed.sort_by is read by none of 412 queries and models: 67,200 values."


def test_within_a_day_nothing_is_judged(make_profile, judge):
    assert judge("unused", replace(stored(make_profile, 1200.0, np.nan), hours=1344, judged=0)) == []


def test_what_is_used_is_said_to_be_healthy_so_that_its_notice_can_end(make_profile, judge):
    found = judge("unused", stored(make_profile), planned(sort_by={}))
    assert sorted(f.kind for f in found) == [
        *("always_null", "constant", "event_never_seen", "never_sent", "no_longer_sent"),
    ]
    assert not any(f.relevant or f.text for f in found)


def test_all_kinds_are_notices_and_have_no_chart(make_profile, problems, evidence_of):
    profile = stored(make_profile, 1200.0, np.nan)
    assert all(kind.notice for kind in CHECKS["unused"].kinds.values())
    assert evidence_of("unused", profile, *problems("unused", profile)) is None
