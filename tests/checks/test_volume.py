from __future__ import annotations

import re

import numpy as np
import pytest

ORDERS = ("Order Completed", "ios")


def changed(values, hours, factor):
    values[len(values) - hours :] = np.round(values[len(values) - hours :] * factor)
    return values


@pytest.mark.parametrize(
    ("factor", "hours", "kind"),
    [
        pytest.param(0.0, 3, "drop", id="a full stop of three hours is a drop"),
        pytest.param(0.5, 24, "drop", id="half of the events for a day is a drop"),
        pytest.param(3.0, 24, "spike", id="three times the events for a day is a spike"),
    ],
)
def test_a_change_is_found_with_its_direction(make_profile, problems, traffic, factor, hours, kind):
    found = problems("volume", make_profile({ORDERS: changed(traffic(200.0), hours, factor)}))
    assert {f.kind for f in found} == {kind}
    assert all((f.event, f.source) == ORDERS for f in found)
    assert all((f.effect < 0) == (kind == "drop") for f in found)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        pytest.param(lambda usual, index: usual, "traffic", id="nights and weekends"),
        pytest.param(lambda usual, index: np.where(index // 24 % 7 == 6, 0, usual), "closure", id="closed on Sundays"),
        pytest.param(lambda usual, index: usual // 100, "rare", id="a rare event"),
    ],
)
def test_a_week_as_usual_is_no_problem(make_profile, problems, traffic, values, what):
    profile = make_profile({ORDERS: values(traffic(200.0), np.arange(1344))}, judged=168)
    assert problems("volume", profile) == []


@pytest.mark.parametrize(
    ("params", "relevant"),
    [
        pytest.param({}, True, id="half is more than the minimum drop of 20 %"),
        pytest.param({"min_drop": 0.7}, False, id="half is less than a minimum drop of 70 %"),
        pytest.param({"min_events": 100_000.0}, False, id="fewer events were lost than matter"),
    ],
)
def test_a_drop_matters_from_the_minimum_effect_on(make_profile, judge, traffic, params, relevant):
    profile = make_profile({ORDERS: changed(traffic(200.0), 12, 0.5)})
    (drop,) = [f for f in judge("volume", profile, **params) if f.kind == "drop" and f.p_value < 1e-5]
    assert drop.relevant is relevant


def test_a_spike_of_a_third_is_real_and_does_not_matter(make_profile, judge, traffic):
    profile = make_profile({ORDERS: changed(traffic(5000.0), 24, 1.34)}, judged=24)
    spikes = [f for f in judge("volume", profile) if f.kind == "spike" and f.p_value < 1e-5]
    assert spikes
    assert not any(f.relevant for f in spikes)


def test_a_drop_is_told_in_one_sentence_with_its_interval(make_profile, problems):
    values = np.tile(np.array([1203.0, 1197.0]), 672)
    values[-6:] = 30
    found = problems("volume", make_profile({ORDERS: values}))[0]
    assert re.fullmatch(
        r"Order Completed on ios: 30 in the last hour, where 1,1\d\d to 1,2\d\d were expected \(−9\d %\)\.", found.text
    )
    assert found.rows == pytest.approx(1170, rel=0.02)


def test_hours_and_days_are_both_judged(make_profile, judge, traffic):
    found = judge("volume", make_profile({ORDERS: traffic(50.0)}, judged=24))
    spans = [(f.bucket.end - f.bucket.start).total_seconds() / 3600 for f in found]
    assert (spans.count(1), spans.count(24)) == (48, 2)


def test_within_a_day_only_hours_are_judged(make_profile, judge, traffic):
    values = traffic(50.0)
    found = judge("volume", make_profile({ORDERS: values[:-12]}, hours=1344 - 12))
    assert {f.kind for f in found} == {"drop", "spike"}
    assert all((f.bucket.end - f.bucket.start).total_seconds() == 3600 for f in found)


def test_the_sum_over_sources_is_judged_as_well(make_profile, judge, traffic):
    rows = {("Order Completed", "ios"): traffic(50.0), ("Order Completed", "web"): traffic(50.0, seed=1)}
    assert {f.source for f in judge("volume", make_profile(rows))} == {"ios", "web", None}


def test_a_holiday_is_never_judged(make_profile, judge, traffic):
    assert judge("volume", make_profile({ORDERS: changed(traffic(50.0), 24, 0.0)}, judged=24, holidays={55})) == []


def test_an_event_is_not_judged_before_it_has_three_days_of_history(make_profile, judge, traffic):
    values = traffic(50.0)
    values[:-30] = 0
    assert judge("volume", make_profile({ORDERS: values})) == []


def test_a_drop_is_settled_when_the_last_hour_alone_is_as_expected(make_profile, judge, traffic):
    values = changed(traffic(500.0), 12, 0.0)
    values[-1] = traffic(500.0)[-1]
    before, after = (
        next(f for f in judge("volume", make_profile({ORDERS: v}, incident=12)) if f.kind == "drop")
        for v in (changed(values.copy(), 1, 0.0), values)
    )
    assert (before.settled, after.settled) == (False, True)


def test_one_quiet_hour_of_a_rare_event_settles_nothing(make_profile, judge, traffic):
    found = judge("volume", make_profile({ORDERS: traffic(1.0)}))
    assert {
        f.settled for f in found if f.bucket.end - f.bucket.start == min(f.bucket.end - f.bucket.start for f in found)
    } == {None}


def test_evidence_has_the_grain_in_which_the_change_was_found(make_profile, judge, evidence_of, traffic):
    profile = make_profile({ORDERS: changed(traffic(200.0), 24, 0.5)}, judged=24)
    grains = [(f, evidence_of("volume", profile, f)) for f in judge("volume", profile)]
    assert {(f.bucket.end - f.bucket.start).total_seconds() / 3600: e.grain for f, e in grains} == {
        1: "hour",
        24: "day",
    }
    assert all(len(e.expected) == len(e.starts) == {"hour": 336, "day": 56}[e.grain] for _, e in grains)
