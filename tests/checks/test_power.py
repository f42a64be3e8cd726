from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.bar import Bar, Side
from checks.base import Calendar, Key, Table
from checks.counts import forecast, surprises
from checks.power import seen_by_most, takes
from checks.scan import count_at, normal_score

DAYS, BUDGET = 56, 0.5 / 40  # false alerts a week of one series
HOUR, DAY = BUDGET / 168, BUDGET / 7


def table(values, grain="hour", past=DAYS):
    """Return hourly counts as a table by hour or day, of which the first days are the past."""
    hours = 1 if grain == "hour" else 24
    summed = values.reshape(len(values), -1, hours).sum(axis=2)
    index = np.arange(summed.shape[1])
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(index) + 1) * np.timedelta64(hours, "h")
    calendar = Calendar(grain, starts, index % (168 // hours), index * hours // 24, np.zeros(len(index), bool))
    keys = tuple(Key(f"event {i}") for i in range(len(values)))
    return Table("rows", calendar, keys, summed, np.ones(summed.shape, bool), past * 24 // hours)


def side(values, grain="hour", bar=1.0):
    series = np.full(len(values), bar * (HOUR if grain == "hour" else DAY))
    given_ = table(values, grain)
    return Side(given_, forecast(given_), Bar(series, series, series, 0.2, 0.5, 10.0, 3.0))


def traffic(rate, series=24, days=DAYS, seed=1):
    hour = np.arange(days * 24)
    wave = 1 + 0.6 * np.sin((hour % 24 - 8) * np.pi / 12)
    return np.random.default_rng(seed).poisson(rate * wave, (series, days * 24)).astype(float)


def smallest(values, change="drop", bar=1.0):
    """Return the change that is seen within an hour, a day and a week by most moments, over all series."""
    found = getattr(takes(side(values, bar=bar), side(values, "day", bar)), change)
    return {name: seen_by_most(least.ravel(), 0.8) for name, least in found.items()}


@given(
    mean=st.floats(0.5, 1e5), spread=st.floats(1.0, 20.0), far=st.floats(-8.0, 8.0).filter(lambda z: abs(z) > 1.5)
)  # fmt: skip
def test_the_count_at_a_score_has_that_score(mean, spread, far):
    one = [np.array([each]) for each in (far, mean, mean * spread)]
    count = count_at(*one)
    if count[0] >= 0:
        assert normal_score(count, *one[1:])[0] == pytest.approx(far, abs=0.02)


@pytest.mark.parametrize("change", ["drop", "spike"])
def test_the_longer_one_waits_and_the_more_comes_the_less_is_seen(change):
    few, many = (smallest(traffic(rate), change) for rate in (4.0, 400.0))
    assert few["day"] > few["week"]
    assert many["hour"] > many["day"] >= many["week"]
    assert all(few[name] is None or few[name] > many[name] for name in ("hour", "day", "week"))


def test_a_stricter_budget_sees_less():
    values = traffic(20.0)
    assert smallest(values, bar=1e-3)["day"] > smallest(values)["day"]


def test_what_is_too_small_to_matter_is_not_seen():
    assert smallest(traffic(20_000.0, series=4))["week"] == pytest.approx(0.2, abs=0.02)


def test_a_rare_event_is_missed_only_after_days():
    found = smallest(traffic(0.2))
    assert found["hour"] is None
    assert found["day"] is None
    assert found["week"] > 0.6


def test_what_is_seen_of_an_event_does_not_depend_on_the_others():
    values = traffic(20.0, series=3)
    together, alone = takes(side(values), side(values, "day")), takes(side(values[1:2]), side(values[1:2], "day"))
    for change in ("drop", "spike"):
        for name, least in getattr(alone, change).items():
            np.testing.assert_allclose(getattr(together, change)[name][1:2], least)


PROMISES = [
    pytest.param("drop", 3.0, "day", id="a loss of a rare event"),
    pytest.param("drop", 60.0, "day", id="a loss of a frequent event"),
    pytest.param("drop", 60.0, "hour", id="a loss of a frequent event within the hour"),
    pytest.param("drop", 300.0, "day", id="a loss that is certain before it is large enough to be told"),
    pytest.param("spike", 3.0, "day", id="a rise of a rare event"),
    pytest.param("spike", 60.0, "hour", id="a rise of a frequent event within the hour"),
    pytest.param("spike", 300.0, "day", id="a rise that is certain before it is large enough to be told"),
]


@pytest.mark.parametrize(("change", "rate", "within"), PROMISES)
def test_a_change_of_that_size_in_the_days_that_follow_is_seen_as_often_as_promised(change, rate, within):
    """Judge fresh days by the engine itself, midnight by midnight, with events lost or added by chance."""
    past, rng = traffic(rate, series=40, days=DAYS + 2), np.random.default_rng(2)
    size, after = smallest(past[:, : DAYS * 24], change)[within], {"hour": 1, "day": 24}[within]
    seen = []
    for onset in range(0, 24, 4):
        values, first = past.copy(), DAYS * 24 + onset
        counts = past[:, first:].astype(int)
        values[:, first:] = rng.binomial(counts, 1 - size) if change == "drop" else counts + rng.poisson(size * counts)
        days = [told(values, day, change) for day in range(DAYS, DAYS + 1 + (onset + after > 24))]
        seen.append(np.concatenate(days, axis=1)[:, onset : onset + after].any(axis=1).mean())
    assert np.mean(seen) == pytest.approx(0.8, abs=0.12)


def told(values, day, change):
    """Say in which hours of a day something surprising enough, and large enough, is told: [series, 24]."""
    hours = np.zeros((len(values), 24), bool)
    for grain, price in (("hour", HOUR), ("day", DAY)):
        fresh = table(values[:, : (day + 1) * 24], grain, day)
        found = surprises(fresh, forecast(fresh))
        window, p_value = (found.drop, found.p_drop) if change == "drop" else (found.rise, found.p_rise)
        least = np.maximum((0.2 if change == "drop" else 0.5) * window.expected, 10.0)
        now = (p_value <= price) & (np.abs(window.observed - window.expected) >= least)
        hours[:, -now.shape[1] :] |= now  # a day is told as it ends
    return hours
