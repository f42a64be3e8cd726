from __future__ import annotations

import numpy as np
import pytest


def said(make_profile, problems, rows, kind, fields=(), **params):
    """Return what is said of a kind, by subject: `rows` are messages an hour by (event, source)."""
    found = problems("naming", make_profile(rows, judged=24, fields=fields), **params)
    return {f"{f.event}.{f.property}" if f.property else f.event: f.text for f in found if f.kind == kind}


def test_the_same_words_are_one_thing_under_several_names(make_profile, problems):
    rows = {("Signup Completed", "web"): 9.0, ("complete_signup", "ios"): 2.0, ("Signup Started", "web"): 9.0}
    found = said(make_profile, problems, rows, "variants")
    assert found == {"Signup Completed": "Signup Completed (web) is also sent as complete_signup (ios)."}


@pytest.mark.parametrize(
    ("rare", "mutant"),
    [
        pytest.param("Order Complated", True, id="a letter changed"),
        pytest.param("Order Completd", True, id="a letter lost"),
        pytest.param("Order Completted", True, id="a letter too many"),
        pytest.param("Odrer Completed", True, id="two letters swapped"),
        pytest.param("Order Cancelled", False, id="another event"),
    ],
)
def test_a_rare_name_one_letter_from_a_common_one_is_a_misspelling(make_profile, problems, rare, mutant):
    rows = {("Order Completed", "web"): 900.0, (rare, "web"): 0.05}
    assert set(said(make_profile, problems, rows, "mutant")) == ({rare} if mutant else set())


def test_two_names_that_come_as_often_are_no_misspellings(make_profile, problems):
    rows = {("Step 1 Done", "web"): 9.0, ("Step 2 Done", "web"): 8.0}
    assert said(make_profile, problems, rows, "mutant") == {}


@pytest.mark.parametrize(
    ("convention", "wrong"),
    [
        pytest.param("", set(), id="no convention, no breach"),
        pytest.param("title", {"order_paid"}, id="title case"),
        pytest.param("snake", {"Order Completed"}, id="snake case"),
        pytest.param(r"Order .*", {"order_paid"}, id="an expression of one's own"),
    ],
)
def test_a_convention_is_held_against_every_name(make_profile, problems, convention, wrong):
    rows = {("Order Completed", "web"): 9.0, ("order_paid", "web"): 9.0}
    assert set(said(make_profile, problems, rows, "convention", convention=convention)) == wrong


@pytest.mark.parametrize(
    ("kind", "names", "text"),
    [
        pytest.param(
            "collision",
            ("siteId", "site_id", "total"),
            "Order.siteId and site_id are one column in a warehouse, site_id.",
            id="two names in one column",
        ),
        pytest.param(
            "reserved",
            ("userId", "total"),
            "Order.userId becomes the column user_id, which warehouses keep for themselves.",
            id="a column that is taken",
        ),
    ],
)
def test_what_a_warehouse_would_lose_is_said(make_profile, problems, kind, names, text):
    fields = [("Order", "web", name) for name in names]
    assert list(said(make_profile, problems, {("Order", "web"): 9.0}, kind, fields).values()) == [text]


def test_five_thousand_names_are_compared(make_profile, judge):
    rows = {(f"Event Number {i} Done", "web"): 1.0 for i in range(5000)}
    assert len(judge("naming", make_profile(rows, judged=24, hours=48))) == 3 * 5000


def test_a_rare_property_one_letter_from_a_common_one_is_a_misspelling(make_profile, problems):
    rows, usual = {("Page Viewed", "web"): 500.0}, ("Page Viewed", "web", "network_carrier")
    rare = ("Page Viewed", "web", "netwovk_carrier")
    once = np.full(56, np.nan)
    once[-3] = 7.0
    daily = {
        "nulls": {usual: 0.0, rare: np.where(np.isfinite(once), 11_990.0, 12_000.0)},
        "fingerprint": {usual: -1.0, rare: once},
    }
    found = [f for f in problems("naming", make_profile(rows, daily, judged=24)) if f.kind == "mutant"]
    assert [(f.property, f.text) for f in found] == [
        ("netwovk_carrier", "Page Viewed: netwovk_carrier came 10 times, one letter from network_carrier (672,000).")
    ]
