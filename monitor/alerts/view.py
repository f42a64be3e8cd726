"""Which stretch of a series does a chart show, and in how fine buckets?

A rare event counted by the hour is a row of spikes inside a band that begins at zero:
its silence cannot be seen. Counted by the day, it can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special  # scipy.stats takes a second to load

from checks.base import Evidence, Floats

FEWEST_BUCKETS, MOST_BUCKETS = 96, 336  # four days of hours, eleven months of days
GOOD_PER_BAD = 20  # so many buckets for each bad one: trouble of an hour is not a hair on a month
RARE = 10.0  # events per bucket; with fewer, hours are added up
COUNTS = ("events", "rows", "messages")
TAILS = (1e-9, 0.05)  # what a band leaves out above, at least and at most
SERIES = ("observed", "expected", "low", "high")


def view(evidence: Evidence) -> tuple[Evidence, str]:
    """Return the evidence as it is drawn, and the length of its buckets in words.

    Added-up hours begin with the first bad one, so that no bucket is half bad.
    """
    hours = _hours(evidence)
    if hours == 1:
        return _newest(evidence), evidence.grain
    return _newest(_added(evidence, hours)), "day" if hours == 24 else f"{hours} hours"


def _newest(evidence: Evidence) -> Evidence:
    """Return the newest buckets: all bad ones, and as many good ones that both can be told apart."""
    count = len(evidence.starts)
    bad = count if evidence.bad_from is None else min(evidence.bad_from, count)
    wanted = min(max((count - bad) * GOOD_PER_BAD, FEWEST_BUCKETS), MOST_BUCKETS)
    first = max(min(count - wanted, bad - MOST_BUCKETS // 4), 0)
    series = {name: getattr(evidence, name)[first:] for name in ("starts", *SERIES)}
    return replace(evidence, **series, bad_from=None if evidence.bad_from is None else bad - first)


def _hours(evidence: Evidence) -> int:
    """Return how many hours to add up: as many as make a bad bucket whole, or 1."""
    expected = evidence.expected[np.isfinite(evidence.expected)]
    rare = evidence.grain == "hour" and evidence.unit in COUNTS and len(expected) and expected.mean() < RARE
    bad = 0 if evidence.bad_from is None else len(evidence.starts) - evidence.bad_from
    return next((hours for hours in (24, 6) if rare and bad >= hours), 1)


def _added(evidence: Evidence, hours: int) -> Evidence:
    """Return whole buckets of so many hours.

    The new band leaves out as much of a Poisson count as the old one did, on average; what is
    more scattered than that had a wider band, and keeps it. It takes hours as independent, which
    is good enough to look at: the verdict is not made from it.
    """
    bad = evidence.bad_from or 0
    first = bad % hours
    whole = (len(evidence.starts) - first) // hours
    parts = slice(first, first + whole * hours)

    def by_bucket(values: Floats) -> Floats:
        return values[parts].reshape(whole, hours)

    expected = by_bucket(evidence.expected).sum(axis=1)
    outside = np.clip(special.pdtrc(evidence.high, evidence.expected), *TAILS)
    tail = np.exp(by_bucket(np.log(outside)).mean(axis=1))
    return replace(
        evidence,
        starts=evidence.starts[parts][::hours],
        observed=by_bucket(evidence.observed).sum(axis=1),
        expected=expected,
        low=_quantile(tail, expected),
        high=_quantile(1 - tail, expected),
        bad_from=bad // hours,
    )


def _quantile(chance: Floats, mean: Floats) -> Floats:
    """Return the smallest count that a Poisson count of this mean does not exceed with this chance.

    >>> _quantile(np.array([0.05, 0.95, 0.95]), np.array([9.0, 9.0, 0.0]))
    array([ 4., 14.,  0.])
    """
    count = np.ceil(special.pdtrik(chance, mean))
    below = np.maximum(count - 1, 0)
    smallest: Floats = np.where(special.pdtr(below, mean) >= chance, below, count)
    return smallest
