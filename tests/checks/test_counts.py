from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.base import Calendar, Key, Table
from checks.counts import band, forecast, silence, surprises

WEEKS = 8
PAST = WEEKS * 168
INDEX = np.arange(PAST + 48)
SHAPE = np.exp(0.8 * np.cos(2 * np.pi * (INDEX % 24 - 15) / 24))


def table(values, cut=PAST, *, grain="hour", usable=None, holiday=None):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    series, buckets = values.shape
    index = np.arange(buckets)
    hours = 1 if grain == "hour" else 24
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(buckets + 1) * np.timedelta64(hours, "h")
    slot, day = (index % 168, index // 24) if grain == "hour" else (index % 7, index)
    calendar = Calendar(grain, starts, slot, day, np.zeros(buckets, bool) if holiday is None else holiday)
    keys = tuple(Key(f"event {i}") for i in range(series))
    return Table("rows", calendar, keys, values, np.ones(values.shape, bool) if usable is None else usable, cut)


def judge(given_table):
    return surprises(given_table, forecast(given_table))


def usual(rate=50.0, seed=1, series=1):
    return np.random.default_rng(seed).poisson(rate * SHAPE, (series, len(INDEX))).astype(float)


@pytest.mark.parametrize("grain", ["hour", "day"])
@pytest.mark.parametrize("cut", [0, 1, 2, 30, 300, 348])
@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.full(348, np.nan), id="all unknown"),
        pytest.param(np.full(348, -5.0), id="all negative"),
        pytest.param(np.zeros(348), id="all zero"),
        pytest.param(np.full(348, 100.0), id="constant"),
        pytest.param(np.where(np.arange(348) % 3 == 0, np.nan, 7.0), id="gaps"),
        pytest.param(np.where(np.arange(348) == 20, np.inf, 7.0), id="infinite once"),
        pytest.param(np.where(np.arange(348) == 20, 1e12, 7.0), id="a bucket of 10^12 in the past"),
        pytest.param(np.random.default_rng(2).poisson(1e13, 348), id="enormous"),
    ],
)
def test_bad_input_gives_a_defined_answer_and_never_an_alert_out_of_nothing(grain, cut, values):
    given_table = table(values, cut, grain=grain)
    fit = forecast(given_table)
    found, quiet = surprises(given_table, fit), silence(given_table, fit)
    for p in (found.p_drop, found.p_rise, quiet.p_value):
        assert p.shape == (1, 348 - cut)
        if cut > 20 or not np.any(
            values == 1e12
        ):  # a bucket of 10^12 that is under judgement is an alert out of something
            assert np.all(p > 1e-4)
    for array in (fit.expected, fit.variance, *band(fit), found.drop.low, found.rise.high, quiet.due):
        assert np.isfinite(array).all()


def test_a_table_without_series_gives_empty_arrays():
    empty = table(np.zeros((0, 100)), 50)
    assert judge(empty).p_drop.shape == (0, 50)
    assert silence(empty, forecast(empty)).p_value.shape == (0, 50)


def test_fewer_than_three_usable_days_judge_nothing():
    found = judge(table(np.append(np.full(48, 100.0), np.zeros(24)), 48))
    assert np.all(found.p_drop == 1)


def test_three_days_are_enough_to_see_a_full_stop():
    values = usual()[0]
    values[84:] = 0
    assert judge(table(values[:108], 84)).p_drop[0, -1] < 1e-4


@pytest.mark.parametrize(
    ("factor", "side"),
    [
        pytest.param(0.0, "p_drop", id="a full stop is a drop"),
        pytest.param(0.6, "p_drop", id="a loss of 40 % is a drop"),
        pytest.param(2.0, "p_rise", id="twice as much is a rise"),
    ],
)
def test_a_change_is_surprising_on_its_own_side_only(factor, side):
    values = usual()
    values[:, PAST:] *= factor
    found = judge(table(values))
    other = {"p_drop": "p_rise", "p_rise": "p_drop"}[side]
    assert getattr(found, side)[0, -1] < 1e-6
    assert getattr(found, other)[0, -1] > 1e-3


@given(seed=st.integers(0, 50), more=st.integers(1, 500))
@settings(max_examples=15, deadline=None)
def test_more_events_are_never_more_of_a_drop(seed, more):
    values = usual(seed=seed)
    higher = values.copy()
    higher[:, -1] += more
    low, high = judge(table(values)), judge(table(higher))
    assert high.p_drop[0, -1] >= low.p_drop[0, -1] - 1e-12
    assert high.p_rise[0, -1] <= low.p_rise[0, -1] + 1e-12


def test_a_bucket_is_judged_without_the_later_ones():
    values = usual(series=3)
    later = values.copy()
    later[:, PAST + 24 :] = 0
    assert np.allclose(judge(table(values)).p_drop[:, :24], judge(table(later)).p_drop[:, :24], rtol=1e-9)
    short = judge(table(values[:, : PAST + 24]))
    assert np.allclose(judge(table(values)).p_rise[:, :24], short.p_rise, rtol=1e-9)


def test_a_series_is_judged_the_same_in_any_company_and_order():
    values = np.concatenate([usual(rate, seed) for seed, rate in enumerate((0.2, 3.0, 50.0, 900.0))] * 20)
    order = np.random.default_rng(3).permutation(len(values))
    whole, mixed = judge(table(values)), judge(table(values[order]))
    assert np.allclose(whole.p_drop[order], mixed.p_drop, rtol=1e-6)
    assert np.allclose(whole.p_drop[2], judge(table(values[2])).p_drop[0], rtol=1e-6)


def test_ten_times_the_traffic_with_the_same_waves_is_judged_alike():
    rng = np.random.default_rng(4)
    rate = 5000 * SHAPE * rng.gamma(25, 1 / 25, len(INDEX))
    one, ten = judge(table(rate)), judge(table(10 * rate))
    assert np.allclose(np.log10(one.p_drop), np.log10(ten.p_drop), atol=0.1)


def test_a_weekly_closure_is_learned_and_a_reopened_one_is_a_rise_at_most():
    friday, closed = PAST - 48, usual() * (INDEX % 168 < 120)
    assert np.all(judge(table(closed, friday)).p_drop > 1e-4)
    reopened = np.where((friday <= INDEX) & (INDEX % 168 >= 120), 30.0, closed)
    assert np.all(judge(table(reopened, friday)).p_drop > 1e-4)


def test_a_holiday_is_neither_judged_nor_learned_from():
    values, holiday = usual(), np.zeros(len(INDEX), dtype=bool)
    holiday[PAST + 24 :] = True
    holiday[PAST - 400 : PAST - 300] = True
    values[:, holiday] = 0
    found = judge(table(values, holiday=holiday))
    assert np.all(found.p_drop[:, 24:] == 1)
    assert forecast(table(values, holiday=holiday)).expected[0].mean() == pytest.approx(50 * SHAPE.mean(), rel=0.05)


def test_an_undeclared_outage_in_the_past_does_not_lower_the_expectation():
    values = usual()
    values[:, PAST - 200 : PAST - 176] = 0
    fit = forecast(table(values))
    assert not fit.clean[0, PAST - 200 : PAST - 176].any()
    assert fit.expected[0, PAST:].mean() == pytest.approx(50 * SHAPE[PAST:].mean(), rel=0.05)


def test_buckets_that_are_not_usable_teach_nothing():
    values, usable = usual(), np.ones((1, len(INDEX)), dtype=bool)
    usable[:, PAST - 100 : PAST] = False
    other = values.copy()
    other[:, PAST - 100 : PAST] = 1e6
    assert np.allclose(*(forecast(table(v, usable=usable)).expected[:, PAST:] for v in (values, other)))


def test_an_incident_that_is_still_open_goes_on_being_seen():
    values, usable = usual(), np.ones((1, len(INDEX)), dtype=bool)
    values[:, PAST - 20 : PAST + 1] *= 0.6
    usable[:, PAST - 20 : PAST] = False
    assert judge(table(values, usable=usable)).drop.observed[0, 0] == pytest.approx(
        values[0, PAST - 23 : PAST + 1].sum()
    )


def test_days_of_23_and_25_hours_are_days():
    days = np.repeat(np.arange(58), 24)
    days[25 * 24 - 1] = 25  # one day ends an hour early, and the next has 25
    given_table = table(usual(series=2)[:, : len(days)])
    spine = Calendar("hour", given_table.calendar.starts, given_table.calendar.slot, days, given_table.calendar.holiday)
    moved = Table("rows", spine, given_table.keys, given_table.values, given_table.usable, given_table.cut)
    assert np.all(judge(moved).p_drop > 1e-5)


def test_an_alert_names_the_window_it_is_about():
    values = usual()
    values[:, PAST:] = 0
    drop = judge(table(values)).drop
    assert drop.observed[0, 11] == 0
    assert drop.low[0, 11] > 0
    assert 1 <= drop.length[0, 11] <= 48
    assert drop.expected[0, 11] >= drop.low[0, 11]


def test_the_band_holds_most_ordinary_buckets():
    values = usual(series=8)
    low, high = band(forecast(table(values)))
    assert ((values >= low) & (values <= high)).mean() > 0.97


def test_a_silence_stays_open_and_grows_until_the_event_returns():
    values = usual(rate=1.0)
    values[:, PAST:] = 0
    values[:, -4:] = 5
    given_table = table(values)
    quiet = silence(given_table, forecast(given_table))
    silent = quiet.p_value[0, 5:-4]
    assert np.all(np.diff(silent) <= 0)
    assert silent[-1] < 1e-6
    assert np.all(quiet.p_value[0, -4:] == 1)


def test_what_never_came_is_not_silent():
    given_table = table(np.zeros(len(INDEX)))
    quiet = silence(given_table, forecast(given_table))
    assert np.all(quiet.last == -1)
    assert np.all(quiet.p_value == 1)
