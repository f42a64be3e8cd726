"""Which history was a finding held against, and what was left out of it, why?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from checks.base import Finding, Grain, Key, Profile, Stat, Table, as_datetime
from monitor.account import Learned, LeftOut
from monitor.calendar import Pause
from monitor.decide import KindOf
from monitor.profile import Stretch

HOUR = dt.timedelta(hours=1)


def learned_of(
    finding: Finding,
    profile: Profile,
    kind_of: KindOf,
    spoilt: Sequence[tuple[str, Stretch]],
    exclusions: Sequence[Pause],
) -> Learned | None:
    """Return the days that the finding's series was learned from; None where nothing was learned.

    Args:
        finding: a problem.
        profile: what it was found in.
        kind_of: whether volumes or shares are meant.
        spoilt: stretches in which something was wrong, with what to call it.
        exclusions: declared holidays and maintenance.
    """
    if finding.p_value is None or finding.bucket is None or finding.event is None:
        return None
    grain: Grain = "hour" if finding.bucket.end - finding.bucket.start <= HOUR else "day"
    table, key = profile.table(Stat.ROWS, grain), Key(finding.event, finding.source)
    if key not in table.keys:
        return None
    volume = kind_of(finding).volume
    place, measure = Key(finding.event, finding.source, finding.property), Stat.ROWS if volume else Stat.NULLS
    wrong = [LeftOut(s.start, s.end, why) for why, s in spoilt if s.covers(place, measure)]
    span = as_datetime(table.calendar.starts[0]), as_datetime(table.calendar.starts[-1])
    left = [one for each in exclusions for one in each.within(*span)]
    declared = [LeftOut(each.start, each.end, each.why or "excluded") for each in left]
    row = table.keys.index(key)
    return _of(table, row, wrong, declared, trusted=not volume)


def _of(
    table: Table, row: int, wrong: Sequence[LeftOut], declared: Sequence[LeftOut], *, trusted: bool
) -> Learned | None:
    """Return what was learned from; `trusted`: the table does not say itself what was wrong."""
    past, spine = slice(None, table.cut), table.calendar
    known = np.isfinite(table.values[row, past])
    used = (known if trusted else table.usable[row, past]) & ~spine.holiday[past]
    left_out = [each for each in declared if np.any(_inside(table, each) & spine.holiday[past])]
    for each in wrong:
        inside = _inside(table, each)
        if trusted:
            used = used & ~inside
        if np.any(inside & ~used):  # what was wrong too often is how it is, and was learned from
            left_out.append(each)
    seen = np.flatnonzero(known)
    if not len(seen):
        return None
    since, until = as_datetime(spine.starts[seen[0]]), as_datetime(spine.starts[table.cut])
    return Learned(since, until, len(np.unique(spine.day[past][used])), tuple(sorted(left_out, key=lambda o: o.start)))


def _inside(table: Table, stretch: LeftOut) -> NDArray[np.bool_]:
    """Mark the past buckets that a stretch touches."""
    starts = table.calendar.starts[: table.cut + 1].astype(np.int64)
    inside: NDArray[np.bool_] = (starts[:-1] < int(stretch.end.timestamp())) & (
        starts[1:] > int(stretch.start.timestamp())
    )
    return inside
