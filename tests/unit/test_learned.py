from __future__ import annotations

import datetime as dt

import pytest

from checks.base import Bucket, Finding, Kind
from monitor.calendar import Exclusion
from monitor.learned import learned_of
from monitor.profile import Stretch

MONDAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ORDERS = ("Order", "web")
END = MONDAY + 56 * DAY


def finding(**fields):
    known = {"kind": "drop", "event": "Order", "source": "web", "p_value": 1e-9, "bucket": Bucket(END - DAY, END)}
    return Finding(**{**known, **fields})


def kind_of(found):
    return Kind("{subject}", "look", volume=found.kind == "drop")


def learned(profile, found=None, spoilt=(), exclusions=()):
    return learned_of(found or finding(), profile, kind_of, spoilt, exclusions)


def test_all_whole_days_before_the_window_are_learned_from(make_profile):
    found = learned(make_profile({ORDERS: 20.0}, judged=24))
    assert (found.since, found.until, found.days, found.left_out) == (MONDAY, END - DAY, 55, ())


@pytest.mark.parametrize("hours", [24, 1])
def test_declared_holidays_are_left_out_by_name(make_profile, hours):
    sale = Exclusion(MONDAY + 40 * DAY, MONDAY + 41 * DAY, "the sale")
    bucket = Bucket(END - dt.timedelta(hours=hours), END)
    found = learned(make_profile({ORDERS: 20.0}, judged=24, holidays=[40]), finding(bucket=bucket), (), [sale])
    assert (found.days, [each.why for each in found.left_out]) == (54, ["the sale"])


def test_maintenance_that_takes_no_bucket_is_not_named(make_profile):
    night = Exclusion(MONDAY + 40 * DAY, MONDAY + 40.1 * DAY, "maintenance")
    assert learned(make_profile({ORDERS: 20.0}, judged=24), None, (), [night]).left_out == ()


def test_incidents_are_left_out_where_they_were_about_the_same(make_profile):
    broken = Stretch(MONDAY + 50 * DAY, MONDAY + 52 * DAY, "Order", "web", None, volume=False)
    elsewhere = Stretch(MONDAY + 30 * DAY, MONDAY + 31 * DAY, "Order", "ios", None, volume=False)
    found = learned(
        make_profile({ORDERS: 20.0}, judged=24), finding(kind="null"), [("inc_1", broken), ("inc_2", elsewhere)]
    )
    assert (found.days, [each.why for each in found.left_out]) == (53, ["inc_1"])


def test_what_was_wrong_too_often_was_learned_from_and_is_not_called_left_out(make_profile):
    """The profile kept its buckets usable: ended incidents take at most a fifth of a series' past."""
    wrong = Stretch(MONDAY + 10 * DAY, MONDAY + 30 * DAY, "Order", "web")
    found = learned(make_profile({ORDERS: 20.0}, judged=24), None, [("inc_1", wrong)])
    assert (found.days, found.left_out) == (55, ())


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(finding(p_value=None), id="a broken rule"),
        pytest.param(finding(bucket=None), id="no bucket"),
        pytest.param(finding(event="unknown"), id="an event without a series"),
    ],
)
def test_what_rests_on_no_history_says_none(make_profile, found):
    assert learned(make_profile({ORDERS: 20.0}, judged=24), found) is None
