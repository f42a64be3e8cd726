from __future__ import annotations

import numpy as np
import pytest

from checks.base import Calendar, Key, Table
from checks.counts import forecast, silence, surprises

ALERT = 1 / 2160


def table(values, past):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    index = np.arange(values.shape[1])
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(index) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, index % 168, index // 24, np.zeros(len(index), bool))
    keys = tuple(Key(f"event {i}") for i in range(len(values)))
    return Table("rows", calendar, keys, values, np.ones(values.shape, bool), past)


def week(rate, open_, days, seed=1, series=20):
    hour = np.arange(days * 24)
    return np.random.default_rng(seed).poisson(rate * open_(hour), (series, days * 24)).astype(float)


def shop(hour):
    return (hour % 24 >= 9) & (hour % 24 < 18) & (hour // 24 % 7 < 5)


def round_the_clock(hour):
    return np.ones(len(hour))


def quiet(values, past):
    given = table(values, past)
    return silence(given, forecast(given)).p_value


def test_a_shop_that_is_shut_on_a_day_that_we_do_not_know_yet_is_not_silent():
    values = week(20.0, shop, 7)  # known from Monday to Friday
    assert np.all(quiet(values, 5 * 24) > ALERT)


def test_a_service_that_never_sleeps_is_silent_on_a_day_that_we_do_not_know_yet():
    values = week(20.0, round_the_clock, 7)
    values[:, 5 * 24 + 6 :] = 0
    assert np.all(quiet(values, 5 * 24)[:, 12] < ALERT)


def test_a_shop_that_opened_on_an_unknown_day_and_then_stopped_is_silent():
    values = week(20.0, lambda hour: (hour % 24 >= 9) & (hour % 24 < 18), 7)
    values[:, 5 * 24 + 12 :] = 0
    assert (quiet(values, 5 * 24)[:, 17] < ALERT).mean() > 0.9


def test_in_its_first_week_a_series_is_not_judged_for_rises_nor_for_drops_on_days_that_it_has_not_had():
    values = week(20.0, round_the_clock, 7)
    values[:, 5 * 24 :] *= np.where(np.arange(48) % 2, 5, 0.3)
    given = table(values, 5 * 24)
    found = surprises(given, forecast(given))
    assert np.all(found.p_rise == 1)
    assert np.all(found.p_drop > ALERT)


@pytest.mark.parametrize("rate", [pytest.param(r, id=f"{r} an hour") for r in (0.3, 3.0, 3e4, 3e9)])
def test_a_full_stop_is_a_drop_however_large_the_event_is(rate):
    values = week(rate, round_the_clock, 63, series=4)
    values[:, 62 * 24 :] = 0
    given = table(np.concatenate([values, np.zeros((4, 24))], axis=1), 62 * 24)
    found = surprises(given, forecast(given))
    assert np.all(found.p_drop[:, 40] < ALERT)
    assert np.all(found.p_drop > 0)  # a p-value is never 0
    assert np.all(found.drop.observed[:, 40] == 0)
    assert np.all(found.drop.length[:, 40] >= 24)


def test_no_event_is_never_a_rise_however_uncertain_the_hour_is():
    """A shop that shuts at five sharp or an hour later: nothing at half past five is nothing."""
    rng, hour = np.random.default_rng(3), np.arange(63 * 24)
    late = np.repeat(rng.random((12, 63)) < 0.3, 24, axis=1)
    values = rng.poisson(400.0 * (((hour % 24 >= 9) & (hour % 24 < 17)) | (late & (hour % 24 == 17)))).astype(float)
    given = table(values, 56 * 24)
    p_rise = surprises(given, forecast(given)).p_rise
    assert np.all(p_rise[values[:, 56 * 24 :] == 0] > ALERT)
