"""Is a planted fault called found only where a problem really saw it?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from checks.base import Bucket, Finding
from monitor.demo.faults import CHECKOUT_STOPPED, DEV_TRAFFIC, FAULTS, NOW, PRICE_AS_TEXT, RESENDS, START, match

HOUR = dt.timedelta(hours=1)
STOPPED = Finding(
    check="missing",
    kind="stopped",
    event="Checkout Started",
    source="ios",
    bucket=Bucket(CHECKOUT_STOPPED.start + 2 * HOUR, CHECKOUT_STOPPED.start + 3 * HOUR),
)
COPIES = Finding(
    check="duplicates",
    kind="exact",
    event="Order Completed",
    source="server",
    bucket=Bucket(RESENDS.start, RESENDS.start + HOUR),
)
MISTYPED = Finding(
    check="schema", kind="wrong_type", event="Product Viewed", property="price", source="android", bucket=None
)


def found(fault, *problems):
    return match([fault], problems)[0].found


def test_a_fault_is_found_by_a_problem_that_covers_it():
    (only,) = match([CHECKOUT_STOPPED], [STOPPED])
    assert only.by == (("missing", "stopped"),)
    assert only.since == STOPPED.bucket.start


def test_a_fault_seen_twice_names_each_check_once_and_the_earliest_bucket():
    later = replace(STOPPED, bucket=Bucket(NOW - HOUR, NOW))
    drop = replace(later, check="volume", kind="drop")
    (only,) = match([CHECKOUT_STOPPED], [later, drop, STOPPED])
    assert only.by == (("missing", "stopped"), ("volume", "drop"))
    assert only.since == STOPPED.bucket.start


def test_a_problem_of_all_sources_together_sees_a_fault_of_one():
    assert found(CHECKOUT_STOPPED, replace(STOPPED, source=None))


def test_a_problem_without_a_bucket_is_about_all_time():
    assert found(PRICE_AS_TEXT, MISTYPED)


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(replace(STOPPED, event="Order Completed"), id="of another event"),
        pytest.param(replace(STOPPED, source="web"), id="of another source"),
        pytest.param(replace(STOPPED, property="value"), id="of a property of the event"),
        pytest.param(replace(STOPPED, check="duplicates", kind="exact"), id="of a check that cannot see it"),
        pytest.param(replace(STOPPED, kind="never_seen"), id="of another kind"),
        pytest.param(replace(STOPPED, bucket=Bucket(START, CHECKOUT_STOPPED.start)), id="from before its start"),
    ],
)
def test_a_fault_is_not_found_by_a_problem(problem):
    assert not found(CHECKOUT_STOPPED, problem)


def test_a_fault_that_ended_is_not_found_afterwards():
    assert found(RESENDS, COPIES)
    assert not found(RESENDS, replace(COPIES, bucket=Bucket(RESENDS.end, RESENDS.end + HOUR)))


def test_a_fault_that_no_check_covers_is_never_found():
    leak = Finding(check="environment", kind="leak", source="web")
    assert found(DEV_TRAFFIC, leak)
    assert not found(replace(DEV_TRAFFIC, covered_by=()), leak)


def test_nothing_is_found_without_problems():
    assert not any(matched.found for matched in match(FAULTS, []))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_lies_within_the_demos_time_and_is_covered_or_says_why_not(fault):
    assert START <= fault.start < (fault.end or NOW) <= NOW
    assert fault.covered_by or fault.note
