from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import poisson

from checks.base import Evidence
from monitor.alerts.view import view


def rare(bad, level=1.0, buckets=336, **changes):
    """An event that comes about once an hour, and not at all in the last `bad` hours."""
    starts = np.datetime64("2026-02-16T00:00:00", "s") + np.arange(buckets) * np.timedelta64(1, "h")
    expected = np.full(buckets, level)
    observed = np.where(np.arange(buckets) < buckets - bad, level, 0.0)
    evidence = Evidence("hour", starts, observed, expected, 0 * expected, 4 * expected, bad_from=buckets - bad)
    return replace(evidence, **changes)


@pytest.mark.parametrize(
    ("evidence", "bucket"),
    [
        pytest.param(rare(50), "day", id="two silent days of a rare event are seen by the day"),
        pytest.param(rare(10), "6 hours", id="ten silent hours by six hours"),
        pytest.param(rare(3), "hour", id="three hours stay hours"),
        pytest.param(rare(50, level=400.0), "hour", id="a frequent event stays as it is"),
        pytest.param(rare(50, unit="% of messages"), "hour", id="shares are not added up"),
        pytest.param(rare(50, bad_from=None), "hour", id="what is well stays as it is"),
    ],
)
def test_the_bucket_fits_the_event(evidence, bucket):
    assert view(evidence)[1] == bucket


@pytest.mark.parametrize("bad", [6, 7, 23, 24, 25, 47, 49, 100, 300, 335])
def test_no_bucket_is_half_bad(bad):
    shown, _ = view(rare(bad))
    assert shown.starts[shown.bad_from] == rare(bad).starts[-bad]
    assert not shown.observed[shown.bad_from :].any()
    assert (shown.observed[: shown.bad_from] > 0).all()


def test_silence_that_no_hour_shows_is_below_the_band_of_a_day():
    hours, (days, _) = rare(50, level=2.0), view(rare(50, level=2.0))
    assert (hours.observed[-50:] >= hours.low[-50:]).all()
    assert (days.observed[days.bad_from :] < days.low[days.bad_from :]).all()


def test_what_is_not_known_stays_unknown_when_added_up():
    gap = replace(rare(50), observed=np.where(np.arange(336) < 100, np.nan, 1.0))
    assert np.isnan(view(gap)[0].observed[:4]).all()


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0, 4.0, 9.0])
def test_healthy_days_lie_inside_the_band_as_often_as_healthy_hours(rate):
    hours = 24 * 330
    observed = np.random.default_rng(1).poisson(rate, hours).astype(float)
    high = np.full(hours, poisson.ppf(0.995, rate))
    days, _ = view(rare(24 * 200, rate, hours, observed=observed, high=high))
    inside = (days.low <= days.observed) & (days.observed <= days.high)
    assert inside.mean() > 0.97
    assert poisson.sf(days.high[0], 24 * rate) > 1e-6  # and the band is no wider than it must be
