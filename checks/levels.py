"""Has the level of a series moved over weeks, too slowly for any window of days to show it?

A forecast that follows the level follows a slow leak too. So the newest week is compared with
the weeks of a month or two ago, and seasons, growth and campaigns are taken out by what the
other events of the same source do: what all of them share is no fault of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import scipy

from checks.base import Floats, Table
from checks.model import Bools, known_counts

WEEKS, GAP = 8, 3  # weeks that are looked at; the newest of them that are no part of the past
LEAST_PAST = 4  # of the weeks before, for a spread to be known
LEAST_DAYS = 5  # of a week, for its level to be known
LEAST_PEERS = 4  # other events of the source
LEAST_COUNT = 20.0  # events a week
WOBBLE = 0.05  # relative spread of the weeks of an ordinary large event: only the shape of the prior
MOST_DF = 60.0


@dataclass(frozen=True, slots=True)
class Level:
    """The newest week of one series, beside what it was."""

    observed: float  # events
    expected: float  # by the weeks of the past, and by what the peers do now
    low: float  # bounds of 99 % of ordinary weeks
    high: float
    p_value: float  # two-sided
    moved: float  # log ratio of observed to expected
    before: float  # the same of the week before


def levels(table: Table, column: int) -> list[Level | None]:
    """Compare the seven days that end in a column with the weeks before it.

    With u the log of a week's events and g the median of the peers' changes, x = u - g is the
    level that is the event's own (median of ratios: Anders & Huber 2010, Genome Biology 11). The
    newest x is held against the mean of the n weeks from the fourth on, by a t-test whose variance
    is moderated by that of all series (Smyth 2004, SAGMB 3), and as large as that of a random
    walk with such steps: levels drift, and a week is farther from last month than last month's
    weeks are from each other.

    Args:
        table: Daily counts.
        column: The last day of the newest week.

    Returns:
        A level for each series; None without enough weeks, days, messages or peers, and where
        something was wrong with it in the newest three weeks, which has been told.
    """
    weekly, whole = _weeks(table, column)
    u = np.log(weekly + 0.5)
    past = whole[:, GAP:]
    n = past.sum(axis=1)
    usual = _mean(u[:, GAP:], past)
    enough = whole[:, :GAP].all(axis=1) & (n >= LEAST_PAST) & (np.exp(usual) >= LEAST_COUNT)
    common, peers = _common(u - usual[:, None], enough[:, None] & whole, [key.source for key in table.keys])
    x = u - common
    centre = _mean(x[:, GAP:], past)
    spread = np.where(past, x[:, GAP:] - centre[:, None], 0.0)
    variance = (spread**2).sum(axis=1) / np.maximum(n - 1, 1)
    known = enough & (peers > LEAST_PEERS)
    moderated, df = _moderated(variance, WOBBLE**2 + np.exp(-usual), n - 1.0, known)
    sd = np.sqrt(moderated * _walk(n))
    moved, before = (x[:, week] - centre for week in (0, 1))
    reach = scipy.special.stdtrit(df, 0.995) * sd
    expected = np.exp(centre + common[:, 0])
    p_value = 2 * scipy.special.stdtr(df, -np.abs(moved) / sd)
    bounds = expected * np.exp(-reach), expected * np.exp(reach)
    rows = np.stack([weekly[:, 0], expected, *bounds, p_value, moved, before], axis=1).tolist()
    return [Level(*row) if told else None for row, told in zip(rows, known.tolist(), strict=True)]


def _weeks(table: Table, column: int) -> tuple[Floats, Bools]:
    """Return events a week [S, WEEKS], the newest first, and where enough of its days are known."""
    first = column + 1 - 7 * WEEKS
    values, known = known_counts(table)
    known &= table.usable & ~table.calendar.holiday

    def weekly(a: Floats) -> Floats:
        padded = np.pad(a[:, max(first, 0) : column + 1], ((0, 0), (max(-first, 0), 0)))
        sums: Floats = padded.reshape(len(a), WEEKS, 7).sum(axis=2)[:, ::-1]
        return sums

    days = weekly(known.astype(float))
    return 7 * weekly(np.where(known, values, 0.0)) / np.maximum(days, 1), days >= LEAST_DAYS


def _mean(values: Floats, told: Bools) -> Floats:
    mean: Floats = np.where(told, values, 0.0).sum(axis=1) / np.maximum(told.sum(axis=1), 1)
    return mean


def _common(change: Floats, told: Bools, sources: Iterable[str | None]) -> tuple[Floats, Floats]:
    """Return what the events of each series' source have in common [S, WEEKS], and how many they are [S]."""
    common, peers = np.zeros(change.shape), np.zeros(len(change))
    named = np.array([source or "" for source in sources])
    for source in sorted(set(named) - {""}):  # a sum over sources would be its own peer
        members = (named == source) & told.any(axis=1)
        if members.any():
            seen = np.where(told[members], change[members], np.nan)
            some = ~np.isnan(seen).all(axis=0)
            common[np.ix_(members, some)] = np.nanmedian(seen[:, some], axis=0)
            peers[members] = members.sum()
    return common, peers


def _walk(n: Floats) -> Floats:
    """Return how much larger the variance of a change over GAP weeks is than the spread of n weeks, on a random walk.

    >>> _walk(np.array([5.0])).round(2)
    array([4.2])
    """
    larger: Floats = (GAP + (n - 1) * (2 * n - 1) / (6 * np.maximum(n, 1))) * 6 / (n + 1)
    return larger


def _moderated(variance: Floats, shape: Floats, df: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Return variances shrunk to `shape` times what all series have in common, and their degrees of freedom.

    The logarithms of sample variances have mean log s0² + ψ(d/2) - ψ(d0/2) + log(d0/d) and variance
    ψ'(d/2) + ψ'(d0/2), which give d0 and s0² (Smyth 2004, section 6.2).
    """
    d = np.maximum(df, 1.0)
    psi, trigamma = scipy.special.digamma, _trigamma
    if known.sum() < 3:
        return np.maximum(variance, shape), np.minimum(d, MOST_DF)
    e = np.log(np.maximum(variance / shape, 1e-6))[known] - psi(d[known] / 2) + np.log(d[known] / 2)
    beyond = float(np.var(e, ddof=1) - trigamma(d[known] / 2).mean())
    d0 = min(2 * _solved(trigamma, beyond), MOST_DF) if beyond > 0 else MOST_DF
    s0 = np.exp(e.mean() + psi(d0 / 2) - np.log(d0 / 2))
    return (d0 * s0 * shape + d * variance) / (d0 + d), np.minimum(d0 + d, MOST_DF)


def _trigamma(x: Floats | float) -> Floats:
    found: Floats = np.asarray(scipy.special.polygamma(1, x))
    return found


def _solved(falling: Callable[[float], Floats], value: float) -> float:
    """Return where a falling function of positive numbers takes a value."""
    if value >= float(falling(0.01)):
        return 0.01
    if value <= float(falling(MOST_DF)):
        return MOST_DF
    return float(scipy.optimize.brentq(lambda x: float(falling(x)) - value, 0.01, MOST_DF))
