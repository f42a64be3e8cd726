from __future__ import annotations

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent, Ratio

STARTED, ORDERS = ("Checkout Started", "web"), ("Order Completed", "server")


def plan(**bounds):
    rule = Ratio(of=ORDERS[0], to=STARTED[0], **bounds)
    return Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], ratio=(rule,))})


@pytest.fixture
def shop(make_profile, traffic):
    def build(last=1.0, level=0.4, started=100.0, until=None):
        checkouts = traffic(started, seed=1)
        orders = np.random.default_rng(2).poisson(level * checkouts).astype(float)
        orders[-24:] = np.round(orders[-24:] * last)
        return make_profile({STARTED: checkouts, ORDERS: orders}, judged=24)

    return build


@pytest.mark.parametrize(
    ("last", "bounds", "kinds"),
    [
        pytest.param(0.6, {}, {"low"}, id="orders lost while checkouts go on are found"),
        pytest.param(2.0, {}, {"high"}, id="orders sent twice are found"),
        pytest.param(1.0, {}, set(), id="an ordinary day is healthy"),
        pytest.param(0.97, {}, set(), id="a change too small to matter is not told"),
        pytest.param(0.6, {"min": 0.35}, {"low"}, id="less than the plan allows is found"),
        pytest.param(0.6, {"min": 0.2, "max": 0.9}, set(), id="what the plan allows is healthy, however unusual"),
        pytest.param(3.0, {"max": 0.9}, {"high"}, id="more than the plan allows is found"),
        pytest.param(0.2, {"max": 0.9}, set(), id="a side without a bound is not judged, where the other has one"),
    ],
)
def test_a_ratio_is_held_against_its_bounds_or_its_past(shop, problems, last, bounds, kinds):
    assert {f.kind for f in problems("ratio", shop(last), plan(**bounds))} == kinds


def test_more_of_the_one_than_of_the_other_is_a_ratio_too(shop, problems):
    assert {f.kind for f in problems("ratio", shop(0.6, level=3.0), plan())} == {"low"}


def test_fewer_checkouts_and_fewer_orders_are_no_matter_of_their_ratio(make_profile, traffic, problems):
    checkouts, orders = traffic(100.0, seed=1), traffic(40.0, seed=2)
    checkouts[-24:], orders[-24:] = checkouts[-24:] // 5, orders[-24:] // 5
    assert not problems("ratio", make_profile({STARTED: checkouts, ORDERS: orders}, judged=24), plan())


def test_a_broken_ratio_is_told_in_one_sentence_with_what_it_costs(make_profile, problems):
    orders = np.full(1344, 40.0)
    orders[-24:] = 20
    (found,) = problems("ratio", make_profile({STARTED: 100.0, ORDERS: orders}, judged=24), plan())
    assert found.text == ("Order Completed: 480 for 2,400 of Checkout Started, which is 0.2 for each; usually 0.4.")
    assert (found.event, found.source) == (ORDERS[0], None)
    assert (found.observed, found.expected) == (pytest.approx(0.2), pytest.approx(0.4, rel=0.01))
    assert found.rows == pytest.approx(480, rel=0.02)


def test_bounds_of_the_plan_are_told_as_written(make_profile, problems):
    (found,) = problems("ratio", make_profile({STARTED: 100.0, ORDERS: 20.0}, judged=24), plan(min=0.4, max=0.5))
    assert found.text.endswith("0.2 for each; the plan allows at least 0.4 and at most 0.5.")


def test_without_one_of_the_events_nothing_is_said(make_profile, judge):
    assert judge("ratio", make_profile({ORDERS: 20.0}, judged=24), plan()) == []
