"""Do messages take longer to arrive than they usually do, or come from the future?

What happened at one time and arrives at another: phones without a network, queues that stand still,
clocks that are wrong. The delay beyond which at most a tenth of the messages usually arrive is learned
for each event and source, and the share beyond it is held against its own past. A clock is wrong where what it
sends arrives before it was sent, or long after; most pipes put occurred_at right by as much, so that nothing else
shows it. That a store is not loaded is another matter: it is told by the load gate, not by a check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from checks.base import Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.bins import SECONDS
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence
from checks.settings import setting
from checks.words import number, share

USUAL = 0.1  # of the messages, at most, are later than the delay that counts as late
SKEW = 60.0  # seconds by which a clock may be ahead

KINDS = {
    "delay": Kind(
        title="{subject} arrives late",
        advice="Look at what queues between device and store; until it is over, the newest hours are incomplete.",
    ),
    "future": Kind(
        title="{subject} comes from the future",
        advice="Look for a time that is set by hand, in another time zone or unit; count by received_at meanwhile.",
        family="clock",
    ),
    "skew": Kind(
        title="{subject} is sent by clocks that are wrong",
        advice="Look for a time zone or unit that a release confuses; count by received_at, whose clock is the pipe's.",
        family="clock",
    ),
}


@dataclass(frozen=True, slots=True)
class LatenessParams:
    """How much of the messages must be late before it matters?"""

    min_share: float = setting(
        0.1, "share of the messages that are late, beyond what is usual, that matters", part=True
    )
    min_future: float = setting(
        0.01, "share of the messages that carry a time in the future, beyond what is usual", part=True
    )
    min_skewed: float = setting(
        0.05, "share of the messages that were sent by a clock that is wrong, beyond what is usual", part=True
    )
    behind: float = setting(300.0, "seconds by which a clock may be behind: what is sent takes some to arrive")
    min_rows: float = setting(10.0, "such messages below which nothing is told")


@check("lateness", kinds=KINDS, params=LatenessParams)
class Lateness:
    """Delays and times in the future, by the day."""

    def measures(self, plan: Plan, params: LatenessParams) -> Iterable[Measure]:
        """Ask for the messages of each day by their delay, and by how long they took once they were sent."""
        yield Measure(Stat.DELAYS)
        yield Measure(Stat.SKEWS)

    def judge(self, profile: Profile, plan: Plan, params: LatenessParams) -> Iterator[Finding]:
        """Yield a finding of each kind for every event, source and day."""
        least = {"delay": params.min_share, "future": params.min_future, "skew": params.min_skewed}
        for kind in KINDS:
            given, since = _shares(profile, kind, params)
            say = partial(_say, kind=kind, since=since)
            yield from judge_shares(profile, given, Limit(kind, 0.0, say, True, least[kind], params.min_rows))

    def evidence(self, profile: Profile, plan: Plan, params: LatenessParams, finding: Finding) -> Evidence | None:
        """Return the share of such messages by day."""
        return share_evidence(_shares(profile, finding.kind, params)[0], finding)


def _shares(profile: Profile, kind: str, params: LatenessParams) -> tuple[Shares, Mapping[Key, float]]:
    """Return the messages that are late, ahead of time or skewed, and from which delay on they count as late [s]."""
    table = profile.table(Stat.SKEWS if kind == "skew" else Stat.DELAYS, "day")
    bins: dict[Key, list[int]] = {}
    for i, key in enumerate(table.keys):
        if key.source is not None:
            bins.setdefault(replace(key, label=None), []).append(i)
    learned = np.where(table.usable & np.isfinite(table.values), table.values, 0.0)[:, : table.cut].sum(axis=1)
    since = {
        key: _late_from(table, index, learned[index]) if kind == "delay" else params.behind
        for key, index in bins.items()
    }

    def counts(bound: float, late: float) -> bool:
        ahead, after = kind != "delay" and bound < -SKEW, kind != "future" and bound >= late
        return ahead or after

    counted = {key: [i for i in index if counts(_bound(table, i), since[key])] for key, index in bins.items()}
    bad, rows = (_sums(table, list(part.values())) for part in (counted, bins))
    usable = np.array([table.usable[index].all(axis=0) for index in bins.values()]).reshape(rows.shape)
    return Shares(Table(table.measure, table.calendar, tuple(bins), bad, usable, table.cut), rows), since


def _late_from(table: Table, index: list[int], came: Floats) -> float:
    """Return the delay [s] from which on at most a few messages of the past, those of each bin, lie: they are late."""
    ordered = sorted(range(len(index)), key=lambda i: _bound(table, index[i]), reverse=True)
    beyond = 0.0
    for i in ordered:
        beyond += came[i]
        if beyond > USUAL * came.sum():
            return _next(_bound(table, index[i]))
    return _next(_bound(table, index[ordered[0]]))  # nothing came in the past


def _bound(table: Table, i: int) -> float:
    return float(table.keys[i].label or 0)


def _next(bound: float) -> float:
    """Return the lower bound of the next bin."""
    return next((each for each in SECONDS.bounds if each > max(bound, 0.0)), SECONDS.bounds[-1])


def _sums(table: Table, groups: Sequence[Sequence[int]]) -> Floats:
    """Return the messages of some bins by day, [groups, N]: unknown where all bins of a group are, 0 for no bins."""
    rows = np.array([i for index in groups for i in index], dtype=np.int64)
    group = np.repeat(np.arange(len(groups)), [len(index) for index in groups])
    known = np.isfinite(table.values[rows])
    sums, told = np.zeros((2, len(groups), len(table.calendar)))
    np.add.at(sums, group, np.where(known, table.values[rows], 0.0))
    np.add.at(told, group, known)
    empty = np.array([not index for index in groups], dtype=bool)
    return np.where((told > 0) | empty[:, None], sums, np.nan)


def _say(day: Day, kind: str, since: Mapping[Key, float]) -> str:
    count = f"{day.key}: {number(day.bad)} of {number(day.rows)} messages of a day"
    usual = f"({share(day.share)}, usually {share(day.usual)})"
    if kind == "future":
        return f"{count} say that they happened after they arrived {usual}."
    if kind == "skew":
        return f"{count} were sent by a clock that is ahead, or {_length(since[day.key])} or more behind {usual}."
    return f"{count} took {_length(since[day.key])} or longer to arrive {usual}."


def _length(seconds: float) -> str:
    """Return a delay as people say it.

    >>> _length(5), _length(120), _length(3600), _length(259200)
    ('5 seconds', '2 minutes', '1 hour', '3 days')
    """
    units = ((86400 * 2, 86400, "day"), (3600, 3600, "hour"), (60, 60, "minute"), (0, 1, "second"))
    _, width, unit = next(each for each in units if seconds >= each[0])
    amount = seconds / width
    return f"{number(amount)} {unit}{'s' * (amount != 1)}"
