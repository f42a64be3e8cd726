from __future__ import annotations

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty

ORDERS = ("Order Completed", "web")
PLANNED = {name: PlannedProperty(name=name) for name in ("cart_total", "step")}
PLAN = Plan(events={ORDERS[0]: PlannedEvent(name=ORDERS[0], properties=PLANNED)})
DAYS, A_DAY = 56, 480.0


def sent(first: int = 0, last: int = DAYS, share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return nulls and fingerprints of a property that has values from one day to another."""
    there = (np.arange(DAYS) >= first) & (np.arange(DAYS) < last)
    return np.where(there, A_DAY * (1 - share), A_DAY), np.where(there, -1.0, np.nan)


@pytest.fixture
def renamed(make_profile, problems):
    def run(**properties):
        daily = {
            measure: {(*ORDERS, name): both[i] for name, both in properties.items()}
            for i, measure in enumerate(("nulls", "fingerprint"))
        }
        found = problems("unplanned", make_profile({ORDERS: 20.0}, daily, judged=24), PLAN)
        return [f for f in found if f.kind == "renamed_property"]

    return run


@pytest.mark.parametrize(
    ("properties", "count"),
    [
        pytest.param({"cart_total": sent(last=54), "cartTotalAmount": sent(first=54)}, 1, id="another spelling"),
        pytest.param({"cart_total": sent(last=54), "amount": sent(first=54)}, 1, id="the only one that was born"),
        pytest.param({"cart_total": sent(last=54)}, 0, id="gone, and nothing came instead"),
        pytest.param({"cart_total": sent(), "cartTotalAmount": sent(first=54)}, 0, id="new, and nothing is gone"),
        pytest.param(
            {"cart_total": sent(last=54), "cartTotalAmount": sent(first=54, share=0.1)}, 0, id="far more seldom"
        ),
        pytest.param({"cart_total": sent(last=30), "cartTotalAmount": sent(first=54)}, 0, id="weeks between them"),
        pytest.param({"cart_total": sent(last=54), "step2": sent(first=10)}, 0, id="what was there before"),
        pytest.param({"cart_total": sent(last=3), "cartTotalAmount": sent(first=3)}, 0, id="in its first days"),
    ],
)
def test_a_property_under_another_name_is_one_thing(renamed, properties, count):
    assert len(renamed(**properties)) == count


def test_it_is_told_in_one_sentence(renamed):
    (found,) = renamed(cart_total=sent(last=54), cartTotalAmount=sent(first=54))
    assert found.text == (
        "Order Completed.cart_total on web: no value in 480 messages of a day, where 100 % have one; "
        "instead cartTotalAmount has come since, which is in no plan."
    )
    assert (found.property, found.source, found.rows) == ("cart_total", "web", pytest.approx(480))


def test_two_candidates_of_one_type_are_no_rename_unless_their_names_are_alike(renamed):
    assert not renamed(cart_total=sent(last=54), amount=sent(first=54), region=sent(first=54))
    assert renamed(cart_total=sent(last=54), total_of_cart=sent(first=54), region=sent(first=54))
