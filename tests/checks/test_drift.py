from __future__ import annotations

import numpy as np
import pytest

from checks.bins import SIZES
from checks.plan import Plan, PlannedEvent, PlannedProperty

DAYS, ORDER = 56, ("Order Completed", "web")
PROPERTIES = {
    "total": PlannedProperty(name="total", type="number"),
    "coupon": PlannedProperty(name="coupon", type="string"),
    "id": PlannedProperty(name="id", type="string", required=True),
}
PLAN = Plan(events={ORDER[0]: PlannedEvent(name=ORDER[0], properties=PROPERTIES)})


def shop(make_profile, change=lambda totals: totals, *, nulls=0.1, prop="coupon", rows=1000):
    """Return a profile in which the totals of the last day went through a change, and a property is empty so often."""
    rng = np.random.default_rng(3)
    values = rng.lognormal(3.5, 0.8, (DAYS, rows))
    values[-1] = change(values[-1])
    bins = np.array([[SIZES.number(value) for value in day] for day in values])
    counts = np.array([np.bincount(day, minlength=len(SIZES.labels())) for day in bins], dtype=float).T
    sizes = {(*ORDER, "total", label): counts[i] for i, label in enumerate(SIZES.labels()) if counts[i].any()}
    empty = rng.binomial(rows, np.where(np.arange(DAYS) == DAYS - 1, nulls, 0.1)).astype(float)
    return make_profile({ORDER: rows / 24}, {"sizes": sizes, "nulls": {(*ORDER, prop): empty}}, judged=24)


def found(problems, profile):
    return {f.kind: f for f in problems("drift", profile, PLAN)}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda v: v * 100, "100 times larger", id="cents instead of euros"),
        pytest.param(lambda v: -v, "of the other sign", id="a sign that was lost"),
        pytest.param(lambda v: np.where(np.arange(len(v)) % 2, v, v / 100), "100 times smaller", id="half of them"),
        pytest.param(lambda v: v * 3, "would have to be others", id="prices that tripled"),
    ],
)
def test_numbers_that_change_are_told_with_what_explains_it(make_profile, problems, change, told):
    numeric = found(problems, shop(make_profile, change))["numeric"]
    assert told in numeric.text
    assert (numeric.event, numeric.source, numeric.property) == (*ORDER, "total")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda v: v, id="a day as usual"),
        pytest.param(lambda v: v * 1.05, id="prices that rose by a twentieth"),
    ],
)
def test_numbers_that_are_as_usual_are_no_problem(make_profile, problems, change):
    assert found(problems, shop(make_profile, change)) == {}


def test_a_property_that_is_empty_more_often_is_a_problem(make_profile, problems):
    (kind, drift), *_ = found(problems, shop(make_profile, nulls=0.5)).items()
    assert kind == "null_rate"
    assert drift.text.startswith("Order Completed.coupon on web: ")
    assert "usually 9.8 %" in drift.text


def test_what_the_plan_requires_is_not_told_here(make_profile, problems):
    assert found(problems, shop(make_profile, nulls=0.9, prop="id")) == {}


def test_the_chart_shows_the_middle_value(make_profile, problems, evidence_of):
    profile = shop(make_profile, lambda v: v * 100)
    shown = evidence_of("drift", profile, found(problems, profile)["numeric"], PLAN)
    assert shown.observed[-1] >= 30 * shown.expected[-1]


def test_a_handful_of_values_says_nothing(make_profile, judge):
    assert [f for f in judge("drift", shop(make_profile, rows=20), PLAN) if f.kind == "numeric"] == []
