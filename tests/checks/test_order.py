from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from checks.base import CHECKS
from checks.plan import After, Plan, PlannedEvent

STARTED, ORDERS = ("Checkout Started", "web"), ("Order Completed", "server")
SKIPPED = (ORDERS[0], ORDERS[1], None, STARTED[0])
DAYS = 56


def plan(at_least=None):
    rule = After(event=STARTED[0], within=dt.timedelta(days=2), at_least=at_least)
    return Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], after=(rule,))})


def days(usual, last):
    values = np.full(DAYS, float(usual))
    values[-1] = last
    return values


@pytest.fixture
def shop(make_profile):
    def build(skipped):
        return make_profile({STARTED: 100.0, ORDERS: 50.0}, {"unpreceded.after": {SKIPPED: skipped}}, judged=24)

    return build


@pytest.mark.parametrize(
    ("skipped", "at_least", "found"),
    [
        pytest.param(days(60, 600), None, True, id="half the orders without a checkout are found"),
        pytest.param(days(60, 65), None, False, id="a share that is usual is healthy"),
        pytest.param(days(600, 600), None, False, id="without a promise, a steady share is how it is"),
        pytest.param(days(600, 600), 0.9, True, id="a promise that was never kept is broken from the first day on"),
        pytest.param(days(60, 65), 0.9, False, id="a promise that is kept is healthy"),
        pytest.param(days(0, 8), None, False, id="a few messages do not matter"),
    ],
)
def test_orders_without_a_checkout_before_them(shop, problems, skipped, at_least, found):
    assert bool(problems("order", shop(skipped), plan(at_least))) is found


def test_a_skipped_step_is_told_in_one_sentence(shop, problems):
    (found,) = problems("order", shop(days(60, 600)), plan())
    assert found.text.startswith(
        "Order Completed on server: 600 of 1,200 messages of a day have no Checkout Started before them (50 %; 5"
    )
    assert (found.kind, found.source, found.rows) == ("skipped", "server", pytest.approx(540, rel=0.05))


def test_a_day_of_which_the_earlier_event_is_not_loaded_is_not_judged(make_profile, judge):
    started = np.full(DAYS * 24, 100.0)
    started[-24:] = np.nan
    profile = make_profile({STARTED: started, ORDERS: 50.0}, {"unpreceded.after": {SKIPPED: days(60, 1200)}}, judged=24)
    assert judge("order", profile, plan()) == []


def test_the_store_is_asked_for_each_rule_of_the_plan():
    measures = list(CHECKS["order"].check.measures(plan(), CHECKS["order"].params()))
    assert [(m.stat, m.event, m.rule.value) for m in measures if m.rule] == [
        ("unpreceded", ORDERS[0], (STARTED[0], 172800.0))
    ]


def test_a_plan_without_order_costs_nothing():
    assert not list(CHECKS["order"].check.measures(Plan(), CHECKS["order"].params()))


def test_the_alert_shows_the_share_by_day(shop, problems):
    (found,) = problems("order", shop(days(60, 600)), plan())
    shown = CHECKS["order"].check.evidence(shop(days(60, 600)), plan(), CHECKS["order"].params(), found)
    assert (shown.observed[-2], shown.observed[-1], shown.unit) == (5.0, 50.0, "% of messages")
