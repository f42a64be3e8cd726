"""Size and power of the count engine, on simulated counts whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from checks.base import Calendar, Key, Table
from checks.counts import forecast, silence, surprises

PAST, NEW = 8 * 168, 168
INDEX = np.arange(PAST + NEW)
PROFILE = np.exp(0.9 * np.cos(2 * np.pi * (INDEX % 24 - 15) / 24) - 0.5 * (INDEX % 168 >= 120))
PROFILE /= PROFILE.mean()
ALERT = 1 / (90 * 24)  # one false alert in 90 days


def table(values):
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(INDEX) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, INDEX % 168, INDEX // 24, np.zeros(len(INDEX), dtype=bool))
    keys = tuple(Key(f"event {i}") for i in range(len(values)))
    return Table("rows", calendar, keys, values, np.ones(values.shape, dtype=bool), PAST)


def traffic(mean, noise, seed, series=60):
    rng = np.random.default_rng([seed, int(10 * mean)])
    rate = mean * PROFILE * np.ones((series, 1))
    if noise == "hours":
        rate = rate * rng.gamma(20, 1 / 20, rate.shape)
    if noise == "days":
        rate = rate * np.repeat(rng.lognormal(-0.011, 0.15, (series, len(INDEX) // 24)), 24, axis=1)
    return rng.poisson(rate).astype(float)


def episodes(p_values, limit):
    """Count runs of alerts, merged within a day."""
    alert = np.pad(p_values <= limit, ((0, 0), (24, 0)))
    recent = np.lib.stride_tricks.sliding_window_view(alert[:, :-1], 24, axis=1).any(axis=2)
    return int((alert[:, 24:] & ~recent).sum())


@pytest.mark.parametrize("mean", [0.1, 0.5, 2.0, 5.0, 20.0, 200.0, 5000.0])
def test_false_alerts_stay_within_the_budget_of_both_sides(mean):
    drops = rises = 0
    for seed, noise in enumerate(("none", "hours", "days")):
        given = table(traffic(mean, noise, seed))
        found = surprises(given, forecast(given))
        drops += episodes(found.p_drop, ALERT)
        rises += episodes(found.p_rise, ALERT)
    allowed = 3 * 60 * NEW / 24 / 90  # 14 expected at most: 1 per series and 90 days
    assert drops <= 1.5 * allowed
    assert rises <= 1.5 * allowed


@pytest.mark.parametrize(
    ("mean", "factor", "hours", "least"),
    [
        pytest.param(2.0, 0.0, 12, 0.9, id="a full stop of 2 an hour within 12 hours"),
        pytest.param(50.0, 0.0, 3, 0.95, id="a full stop of 50 an hour within 3 hours"),
        pytest.param(500.0, 0.5, 12, 0.9, id="half of 500 an hour within 12 hours"),
        pytest.param(500.0, 0.7, 48, 0.8, id="a loss of 30 % of 500 an hour within 2 days"),
    ],
)
def test_a_loss_is_found_in_time(mean, factor, hours, least):
    values = traffic(mean, "hours", 9)
    values[:, PAST + 9 :] = np.round(values[:, PAST + 9 :] * factor)
    given = table(values)
    found = surprises(given, forecast(given)).p_drop[:, 9 : 9 + hours] <= ALERT
    assert found.any(axis=1).mean() >= least


def test_three_undeclared_incidents_in_the_past_cost_little_power():
    values = traffic(50.0, "hours", 10)
    values[:, PAST - 300 : PAST - 288] = 0
    values[:, PAST - 200 : PAST - 176] *= 0.4
    values[:, PAST - 90 : PAST - 84] *= 4
    values[:, PAST + 9 :] = 0
    given = table(values)
    found = surprises(given, forecast(given)).p_drop[:, 9:21] <= ALERT
    assert found.any(axis=1).mean() >= 0.9


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0, 5.0])
def test_silences_of_a_steady_stream_keep_the_budget(rate):
    values = np.random.default_rng(int(100 * rate)).poisson(rate, (150, len(INDEX))).astype(float)
    given = table(values)
    quiet = silence(given, forecast(given))
    assert episodes(quiet.p_value, ALERT) <= 1.5 * 150 * NEW / 24 / 90


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0, 5.0])
def test_a_stop_is_told_close_to_the_bound_of_any_rule(rate):
    """Mean delay of the best rule with this budget: (x - 1 + exp(-x))/rate, x = ln(rate T/B) (Lorden 1971)."""
    values = np.random.default_rng(int(10 * rate)).poisson(rate, (200, len(INDEX))).astype(float)
    values[:, PAST:] = 0
    given = table(values)
    alert = silence(given, forecast(given)).p_value <= ALERT
    x = np.log(rate / ALERT)
    bound = (x - 1 + np.exp(-x)) / rate
    assert alert.any(axis=1).all()
    assert alert.argmax(axis=1).mean() + 1 <= 1.15 * bound + 1  # an hour is the grain


def test_a_decay_over_days_is_found_by_the_long_windows():
    values = traffic(100.0, "hours", 11)
    fading = np.clip(np.linspace(1.0, 0.3, NEW), 0.3, 1.0)  # a week from all to a third
    values[:, PAST:] = np.random.default_rng(12).binomial(values[:, PAST:].astype(int), fading)
    given = table(values)
    found = surprises(given, forecast(given)).p_drop <= ALERT
    assert found[:, : 4 * 24].any(axis=1).mean() >= 0.9


def test_a_lasting_loss_becomes_the_new_normal_and_is_then_no_drop():
    values = traffic(100.0, "hours", 13)
    values[:, PAST - 28 * 24 :] = np.random.default_rng(14).binomial(values[:, PAST - 28 * 24 :].astype(int), 0.5)
    given = table(values)
    learned = forecast(given)
    assert np.median(learned.expected[:, PAST:].mean(1)) == pytest.approx(50.0, rel=0.1)
    assert episodes(surprises(given, learned).p_drop, ALERT) <= 1.5 * 60 * NEW / 24 / 90 + 3
