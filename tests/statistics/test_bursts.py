"""What builds up is no news: bursts that last are expected to go on, and a jump out of nothing is found."""

from __future__ import annotations

import numpy as np
import pytest

from checks.base import Calendar, Key, Table
from checks.counts import forecast, surprises

PAST, NEW, SERIES = 8 * 168, 168, 40
ALERT = 1 / 2160
INDEX = np.arange(PAST + NEW)
SHAPE = np.exp(0.7 * np.cos(2 * np.pi * (INDEX % 24 - 15) / 24))


def bursty(seed=1):
    """Return counts around 200 an hour whose log wanders with an hourly correlation of 0.9."""
    rng = np.random.default_rng(seed)
    noise, wave = rng.normal(0, 0.13, (SERIES, len(INDEX))), np.zeros((SERIES, len(INDEX)))
    for hour in range(1, len(INDEX)):
        wave[:, hour] = 0.9 * wave[:, hour - 1] + noise[:, hour]
    return rng.poisson(200 * SHAPE * np.exp(wave)).astype(float)


def judge(values):
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(INDEX) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, INDEX % 168, INDEX // 24, np.zeros(len(INDEX), bool))
    keys = tuple(Key(f"event {i}") for i in range(SERIES))
    given = Table("rows", calendar, keys, values, np.ones(values.shape, bool), PAST)
    learned = forecast(given)
    return learned, surprises(given, learned)


@pytest.fixture(scope="module")
def healthy():
    return judge(bursty())


def test_what_goes_on_is_learned(healthy):
    assert np.median(healthy[0].bursts.slopes[:, 0].sum(axis=1)) > 0.5


def test_waves_are_no_rises(healthy):
    alerts = healthy[1].p_rise <= ALERT
    days = alerts.reshape(SERIES, -1, 24).any(axis=2)
    assert days.sum() <= 2 * SERIES * NEW / 24 / 90 + 3


def test_two_and_a_half_times_as_much_from_one_hour_to_the_next_is_found():
    values = bursty()
    values[:, PAST + 36 : PAST + 42] *= 2.6
    assert (judge(values)[1].p_rise[:, 36:42] <= ALERT).any(axis=1).mean() > 0.8


def test_an_open_incident_is_no_burst_that_goes_on():
    values, usable = bursty(), np.ones((SERIES, len(INDEX)), bool)
    values[:, PAST - 12 : PAST + 1] *= 3
    usable[:, PAST - 12 : PAST] = False
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(INDEX) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, INDEX % 168, INDEX // 24, np.zeros(len(INDEX), bool))
    given = Table("rows", calendar, tuple(Key(str(i)) for i in range(SERIES)), values, usable, PAST)
    assert (surprises(given, forecast(given)).p_rise[:, 0] <= ALERT).mean() > 0.8
