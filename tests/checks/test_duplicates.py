from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from checks.base import Catalog

ORDERS = ("Order Completed", "server")
ROWS = {ORDERS: 50.0}  # 1,200 a day
DAYS = 56


def last_day(usual, value):
    days = np.full(DAYS, usual, dtype=float)
    days[-1] = value
    return days


@pytest.mark.parametrize(
    ("measure", "days", "kinds"),
    [
        pytest.param("surplus", last_day(0, 96), {"exact"}, id="a resend of 8 % is found"),
        pytest.param("surplus", np.full(DAYS, 30.0), {"exact"}, id="a steady share of exact copies is never usual"),
        pytest.param("surplus", np.full(DAYS, 1.0), set(), id="one exact copy in a thousand is tolerated"),
        pytest.param("repeats", last_day(24, 500), {"semantic"}, id="a double-fire is found"),
        pytest.param("repeats", np.full(DAYS, 120.0), set(), id="people repeat themselves at their usual rate"),
        pytest.param("repeats", last_day(24, 40), set(), id="a repeat more in a hundred does not matter"),
    ],
)
def test_copies_are_held_against_what_is_natural(make_profile, problems, measure, days, kinds):
    profile = make_profile(ROWS, {measure: {ORDERS: days}}, judged=24)
    assert {f.kind for f in problems("duplicates", profile)} == kinds


def test_exact_copies_are_told_in_one_sentence(make_profile, problems):
    (found,) = problems("duplicates", make_profile(ROWS, {"surplus": {ORDERS: last_day(0, 96)}}, judged=24))
    assert found.text == (
        "Order Completed on server: 96 of 1,200 messages of a day carry an id that came before (8 %); "
        "up to 0.1 % is acceptable."
    )
    assert found.rows == pytest.approx(94.8)


def test_without_ids_the_sentence_speaks_of_content(make_profile, problems):
    profile = make_profile(ROWS, {"surplus": {ORDERS: last_day(0, 96)}}, judged=24)
    (found,) = problems("duplicates", replace(profile, catalog=Catalog({}, has_ids=False)))
    assert "96 of 1,200 messages of a day are the same in every field" in found.text


def test_a_double_fire_is_told_beside_its_background(make_profile, problems):
    (found,) = problems("duplicates", make_profile(ROWS, {"repeats": {ORDERS: last_day(24, 600)}}, judged=24))
    assert found.text.startswith("Order Completed on server: 600 of 1,200 messages of a day repeat")
    assert "(50 %, usually 2" in found.text


def test_three_copies_on_a_quiet_day_are_found(make_profile, judge):
    rows = {ORDERS: np.r_[np.full(1320, 5.0), np.full(24, 1.0)]}
    found = judge("duplicates", make_profile(rows, {"surplus": {ORDERS: last_day(0, 3)}}, judged=24))
    assert min(f.p_value for f in found) < 1e-3


def test_rows_without_an_id_are_not_copies_of_each_other(make_profile, judge):
    profile = make_profile(ROWS, {"ids": {ORDERS: 0.0}, "surplus": {ORDERS: 0.0}}, judged=24)
    assert [f.p_value for f in judge("duplicates", profile)] == [1.0]


def test_within_a_day_nothing_is_judged(make_profile, judge):
    rows = {ORDERS: np.full(1332, 50.0)}
    profile = make_profile(rows, {"surplus": {ORDERS: np.full(55, 900.0)}}, hours=1332)
    assert judge("duplicates", profile) == []


def test_evidence_shows_eight_weeks_in_percent(make_profile, problems, evidence_of):
    profile = make_profile(ROWS, {"surplus": {ORDERS: last_day(0, 96)}}, judged=24)
    evidence = evidence_of("duplicates", profile, *problems("duplicates", profile))
    assert (evidence.unit, evidence.grain, evidence.bad_from) == ("% of messages", "day", 55)
    assert evidence.observed[-1] == pytest.approx(8.0)
