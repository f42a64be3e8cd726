from __future__ import annotations

import numpy as np
import pytest

from checks.categories import names_of, watched
from checks.plan import Plan, PlannedEvent, PlannedProperty

ORDER = ("Order Completed", "web")
DAYS, ROWS = 56, 1000
CURRENCY = PlannedProperty(name="currency", type="string", enum=("USD", "EUR", "GBP"))
METHOD = PlannedProperty(name="method", type="string")
PLAN = Plan(events={ORDER[0]: PlannedEvent(name=ORDER[0], properties={"currency": CURRENCY, "method": METHOD})})
HASHES = {name: label for label, name in reversed(names_of(CURRENCY).items())}
USUAL = {"USD": 0.6, "EUR": 0.35, "GBP": 0.05}


def shop(make_profile, last, usual=USUAL, prop="currency", rows=ROWS):
    """Return a profile whose last day has other shares of values; what the plan does not list is called by its name."""
    rng = np.random.default_rng(7)
    names = [*{**usual, **last}]
    shares = np.array(
        [[usual.get(name, 0.0) for name in names]] * (DAYS - 1) + [[last.get(name, 0.0) for name in names]]
    )
    counts = np.array([rng.multinomial(rows, day / day.sum()) for day in shares], dtype=float).T
    values = {(*ORDER, prop, HASHES.get(name, name)): day for name, day in zip(names, counts, strict=True)}
    return make_profile({ORDER: rows / 24}, {"values": values}, judged=24)


def categorical(problems, profile, **params):
    return [f for f in problems("drift", profile, PLAN, **params) if f.kind == "categorical"]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        pytest.param({"USD": 0.3, "EUR": 0.35, "GBP": 0.35}, "as usual.", id="one is frequent"),
        pytest.param(
            {"USD": 0.4, "EUR": 0.05, "x": 0.55}, "new is a value that the plan does not list", id="one is new"
        ),
        pytest.param({"USD": 0.95, "GBP": 0.05}, "gone is EUR (3", id="one is gone"),
    ],
)
def test_values_that_change_are_told_with_what_is_new_or_gone(make_profile, problems, last, told):
    (found,) = categorical(problems, shop(make_profile, last))
    assert (found.event, found.source, found.property) == (*ORDER, "currency")
    assert "of the values of a day would have to be others to be as usual" in found.text
    assert told in found.text
    assert found.effect_low < found.effect < found.effect_high


@pytest.mark.parametrize(
    "last",
    [pytest.param(USUAL, id="a day as usual"), pytest.param({"USD": 0.55, "EUR": 0.4, "GBP": 0.05}, id="a little")],
)
def test_values_that_are_as_usual_are_no_problem(make_profile, problems, last):
    assert categorical(problems, shop(make_profile, last)) == []


def test_a_handful_of_values_says_nothing(make_profile, judge):
    found = judge("drift", shop(make_profile, {"GBP": 1.0}, rows=20), PLAN)
    assert [f for f in found if f.kind == "categorical"] == []


def test_what_has_few_values_is_what_the_plan_lists_or_what_is_named():
    flag = PlannedProperty(name="paid", type="boolean")
    plan = Plan(events={"E": PlannedEvent(name="E", properties={p.name: p for p in (CURRENCY, METHOD, flag)})})
    assert list(watched(plan, ())) == [("E", "currency"), ("E", "paid")]
    assert ("E", "method") in watched(plan, ("E.method",))


def test_many_lines_without_a_name_are_no_chart(make_profile, problems, evidence_of):
    profile = shop(make_profile, {"USD": 0.95, "GBP": 0.05})
    (found,) = categorical(problems, profile)
    assert evidence_of("drift", profile, found, PLAN) is None
