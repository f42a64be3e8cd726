from __future__ import annotations

import numpy as np
import pytest

from checks.base import CHECKS, EVERY, Measure, Rule, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty

ORDERS = ("Order Completed", "web")
ROWS = {ORDERS: 50.0}  # 1,200 a day
DAYS = 56
PROPERTIES = (
    PlannedProperty(name="order_id", type="string", required=True, pattern="^o_"),
    PlannedProperty(name="total", type="number", min=0, max=1000),
    PlannedProperty(name="currency", type="string", enum=("USD", "EUR")),
    PlannedProperty(name="coupon"),
    PlannedProperty(name="device", format="uuid"),
    PlannedProperty(name="zip", min_length=5, max_length=10),
)
PLAN = Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], properties={p.name: p for p in PROPERTIES})})
MISSING = "lack it, and the plan requires it"
BROKEN = [
    pytest.param("required_missing", "nulls", "order_id", MISSING, id="a required value is missing"),
    pytest.param("wrong_type", "mistyped.type", "total", "are not of the planned type number", id="text for a number"),
    pytest.param("not_allowed", "outside.enum", "currency", "are not among the planned ones", id="not in the list"),
    pytest.param("pattern", "outside.pattern", "order_id", "do not match the planned pattern", id="not of the pattern"),
    pytest.param("range", "outside.range", "total", "are outside 0 to 1000", id="out of range"),
    pytest.param("format", "outside.format", "device", "are no uuid", id="not of the format"),
    pytest.param("length", "outside.length", "zip", "do not have 5 to 10 characters", id="too long"),
]


def daily(make_profile, measure, name, values, **more):
    measures = {"nulls": {(*ORDERS, p.name): 0.0 for p in PROPERTIES}}
    measures.setdefault(measure, {})[*ORDERS, name] = values
    return make_profile(ROWS, measures, judged=24, **more)


@pytest.mark.parametrize(("kind", "measure", "name", "words"), BROKEN)
def test_a_broken_rule_is_found_and_told(make_profile, problems, kind, measure, name, words):
    values = np.r_[np.zeros(DAYS - 1), 420.0]
    things = "messages" if kind == "required_missing" else "values"
    (found,) = problems("schema", daily(make_profile, measure, name, values), PLAN)
    assert (found.kind, found.property, found.source) == (kind, name, "web")
    assert found.text == f"Order Completed.{name} on web: 420 of 1,200 {things} of a day {words} (35 %)."


@pytest.mark.parametrize(("kind", "measure", "name", "words"), BROKEN)
def test_a_rule_that_is_always_broken_is_a_problem_from_the_first_look_on(
    make_profile, problems, kind, measure, name, words
):
    (found,) = problems("schema", daily(make_profile, measure, name, 360.0), PLAN)
    assert (found.kind, found.effect) == (kind, pytest.approx(0.29))


@pytest.mark.parametrize(("kind", "measure", "name", "words"), BROKEN)
def test_half_a_percent_is_tolerated(make_profile, problems, kind, measure, name, words):
    assert problems("schema", daily(make_profile, measure, name, 6.0), PLAN) == []


@pytest.mark.parametrize(
    ("measure", "name"),
    [
        pytest.param("nulls", "coupon", id="an optional property may be empty"),
        pytest.param("nulls", "currency", id="a property with a list may be empty"),
        pytest.param("outside.range", "coupon", id="a property without a rule breaks none"),
        pytest.param("mistyped.type", "unplanned", id="a property that is not planned breaks no rule"),
    ],
)
def test_what_the_plan_does_not_promise_is_not_judged(make_profile, problems, measure, name):
    assert problems("schema", daily(make_profile, measure, name, 1200.0), PLAN) == []


def test_broken_values_are_a_share_of_the_values_that_are_there(make_profile, problems):
    measures = {"nulls": {(*ORDERS, "total"): 1000.0}, "mistyped.type": {(*ORDERS, "total"): 200.0}}
    measures["nulls"][*ORDERS, "order_id"] = 0.0
    (found,) = problems("schema", make_profile(ROWS, measures, judged=24), PLAN)
    assert found.observed == 1.0


def test_a_required_property_without_a_place_in_the_store_is_missing_everywhere(make_profile, problems):
    (found,) = problems("schema", make_profile(ROWS, judged=24), PLAN)
    assert (found.kind, found.property, found.observed) == ("required_missing", "order_id", 1.0)


def test_a_required_property_is_looked_for_in_every_source(make_profile, problems):
    rows = ROWS | {("Order Completed", "ios"): 50.0}
    profile = make_profile(rows, {"nulls": {(*ORDERS, "order_id"): 0.0}}, judged=24)
    assert [f.source for f in problems("schema", profile, PLAN)] == ["ios"]


def test_without_a_plan_nothing_is_judged(make_profile, judge):
    assert judge("schema", daily(make_profile, "nulls", "order_id", 1200.0)) == []


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        pytest.param({"min": 0}, "are below 0", id="only a minimum"),
        pytest.param({"max": 99.5}, "are above 99.5", id="only a maximum"),
    ],
)
def test_one_bound_is_told_alone(make_profile, problems, bounds, words):
    total = PlannedProperty(name="total", **bounds)
    plan = Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], properties={"total": total})})
    (found,) = problems("schema", daily(make_profile, "outside.range", "total", 600.0), plan)
    assert words in found.text


def test_every_rule_of_the_plan_is_measured_once():
    known = CHECKS["schema"]
    wanted = [m for m in known.check.measures(PLAN, known.params()) if m.rule]
    assert len(wanted) == len(set(wanted)) == 8
    assert Measure(Stat.OUTSIDE, ORDERS[0], "total", Rule("range", (0, 1000))) in wanted
    assert Measure(Stat.NULLS, property=EVERY) in known.check.measures(PLAN, known.params())


def test_evidence_shows_the_share_by_day(make_profile, problems, evidence_of):
    profile = daily(make_profile, "outside.range", "total", np.r_[np.zeros(DAYS - 1), 420.0])
    evidence = evidence_of("schema", profile, *problems("schema", profile, PLAN), PLAN)
    assert evidence.observed.tolist()[-2:] == [0.0, 35.0]


CARD = PlannedProperty(name="card", required_when={"method": ("card",)})
CONDITIONAL = Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], properties={"card": CARD})})


@pytest.mark.parametrize(
    ("lacking", "count"),
    [
        pytest.param(90.0, 1, id="most lack it"),
        pytest.param(0.0, 0, id="none lacks it"),
        pytest.param(1.0, 0, id="one"),
    ],
)
def test_what_is_due_in_some_messages_is_looked_for_in_these(make_profile, problems, lacking, count):
    measures = {"due.when": {(*ORDERS, "card"): 100.0}, "outside.when": {(*ORDERS, "card"): lacking}}
    found = problems("schema", make_profile(ROWS, measures, judged=24), CONDITIONAL)
    said = "90 of 100 messages of a day in which it is due lack it, and the plan requires it (90 %)."
    assert [f.text for f in found] == [f"Order Completed.card on web: {said}"] * count


def mixing(make_profile, numbers, nulls=200.0):
    measures = {
        "nulls": {(*ORDERS, "size"): nulls, (*ORDERS, "order_id"): 0.0},
        "numbers": {(*ORDERS, "size"): numbers},
    }
    return make_profile(ROWS, measures, judged=24)


@pytest.mark.parametrize(
    ("usual", "last", "told"),
    [
        pytest.param(1000.0, 1000.0, None, id="numbers, as ever"),
        pytest.param(500.0, 510.0, None, id="a mixture, as ever"),
        pytest.param(1000.0, 600.0, "are not numbers, as most were (40 %, usually 0", id="texts among numbers"),
        pytest.param(10.0, 400.0, "are not texts, as most were (40 %, usually 1", id="numbers among texts"),
    ],
)
def test_values_of_another_type_than_most_are_held_against_the_usual_mixture(make_profile, problems, usual, last, told):
    found = problems("schema", mixing(make_profile, np.r_[np.full(DAYS - 1, usual), last]), PLAN)
    texts = [f.text for f in found if f.kind == "mixed_types"]
    assert len(texts) == (told is not None)
    assert all(told in text for text in texts)


def test_the_chart_of_mixed_types_shows_their_share(make_profile, problems, evidence_of):
    profile = mixing(make_profile, np.r_[np.full(DAYS - 1, 1000.0), 600.0])
    (found,) = [f for f in problems("schema", profile, PLAN) if f.kind == "mixed_types"]
    assert evidence_of("schema", profile, found, PLAN).observed[-1] == pytest.approx(40.0)
