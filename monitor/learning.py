"""What does a reading say about how a source is loaded: when, how late its rows come, whether a load was torn?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from checks.base import Stat
from checks.bins import SECONDS
from monitor.gate import BATCH, SHARE, interval
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.history.times import seconds
from monitor.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

REMEMBERED = dt.timedelta(days=56)  # of loads
HALVED = dt.timedelta(days=28)  # after which what was learned of arrivals counts half
LONGEST = 48  # hours after which a row is as late as any
BUSY = 10.0  # rows that a table must have due since the last load for their absence to say anything
TORN = 0.3  # share of the busy tables that a torn load leaves out; one table alone is an event that stopped
HOUR = 3600


def rhythms(
    known: Mapping[str, Rhythm], before: Mapping[str, Watermark], reading: Reading, now: dt.datetime
) -> dict[str, Rhythm]:
    """Return the rhythm of each source with the loads that a reading shows: at most one an hour.

    Where the store tells when rows were loaded, past loads show too; elsewhere a load is seen
    when newer rows are there than the last time.
    """
    loaded = reading.marks[reading.marks["measure"].isin((str(Stat.LOADED), str(Stat.SYNCED)))]
    found = {}
    for source, mark in reading.watermarks.items():
        rhythm, old = known.get(source, Rhythm()), before.get(source)
        moved = old is None or mark.newest > old.newest
        times = loaded.loc[loaded["source"] == source, "value"].to_numpy()
        if not len(times) and mark.loaded is None and moved and old is not None:
            times = np.array([now.timestamp()])
        loads = _by_hour(np.concatenate([rhythm.loads, times[times <= now.timestamp()]]), now)
        seen = (seconds(now) if old else seconds(mark.newest)) if moved else rhythm.seen
        found[source] = Rhythm(loads, rhythm.arrivals, seen, rhythm.lag)
    return found


def _by_hour(times: np.ndarray, now: dt.datetime) -> tuple[int, ...]:
    """Return the newest time of each clock hour, of those that are remembered."""
    times = np.sort(times[times >= (now - REMEMBERED).timestamp()]).astype(np.int64)
    last = np.append(np.diff(times // HOUR) > 0, True) if len(times) else np.zeros(0, dtype=bool)
    return tuple(times[last].tolist())


def lags(points: pd.DataFrame) -> dict[str, int]:
    """Return after how many seconds nearly all rows of a source are loaded, on an ordinary day.

    Args:
        points: counts of `Stat.LAGS` by day (`history.points`); the label is the lower bound of the bin.

    Returns:
        by source: the median over its days of the share `SHARE`, within its bin by linear interpolation;
        one outage does not make a source late for ever.
    """
    mine = points[(points["measure"] == Stat.LAGS) & (points["grain"] == "day")]
    if mine.empty:
        return {}
    counted = mine.assign(low=mine["label"].astype(float)).groupby(["source", "bucket", "low"])["value"].sum()
    by_day = counted.groupby(level=["source", "bucket"]).apply(_quantile)
    return {str(source): int(value) for source, value in by_day.groupby(level="source").median().items()}


def _quantile(day: pd.Series) -> float:
    lows, rows = day.index.get_level_values("low").to_numpy(), day.to_numpy().cumsum()
    wanted = SHARE * rows[-1]
    i = int(np.searchsorted(rows, wanted))
    low = max(lows[i], 0.0)
    high = next((bound for bound in SECONDS.bounds if bound > low), low)
    before = rows[i - 1] if i else 0.0
    return float(low + (high - low) * (wanted - before) / (rows[i] - before))


def arrivals(
    known: Rhythm, source: str, hours: tuple[pd.DataFrame, pd.DataFrame], progress: Progress, now: dt.datetime
) -> Rhythm:
    """Return a rhythm with what reading hours again has brought.

    Args:
        known: the rhythm so far.
        source: whose.
        hours: counts of `Stat.ROWS` by hour as remembered, and as just read, of the same stretch.
        progress: how far it was before. What came after its hour was held to be complete came late; what
            came before was waited for, which an outage of the load must not teach to wait longer.
        now: when it was read.
    """
    old, new = (_hourly(frame, source) for frame in hours)
    judged = seconds(progress.behind.get(source, progress.judged_until))
    rows = np.zeros(LONGEST)
    rows[: len(known.arrivals)] = known.arrivals
    rows *= 0.5 ** ((now - progress.measured_until) / HALVED)
    for bucket, value in new.items():
        more = value - old.get(bucket, 0.0)
        late = (seconds(now) - bucket - HOUR) // HOUR if bucket + HOUR <= judged else 0
        rows[min(max(late, 0), LONGEST - 1)] += max(more, 0.0)
    return Rhythm(known.loads, tuple(rows.tolist()), known.seen, known.lag)


def _hourly(frame: pd.DataFrame, source: str) -> dict[int, float]:
    mine = frame[(frame["measure"] == Stat.ROWS) & (frame["grain"] == "hour") & (frame["source"] == source)]
    counted = mine.groupby("bucket", as_index=False)["value"].sum()
    return dict(zip(counted["bucket"].astype(int).tolist(), counted["value"].tolist(), strict=True))


def torn(known: Mapping[str, Rhythm], reading: Reading) -> frozenset[str]:
    """Return the sources whose newest load left out tables that had rows right up to the load before.

    An event may stop at any time, so that several of one source rarely stop just where a load ends.
    Known only of sources that are loaded in batches, at times that the store tells; the load after settles it.
    """
    return frozenset(
        source
        for source, mark in reading.watermarks.items()
        if mark.loaded is not None
        and (load := _load_before(known[source])) is not None
        and _is_torn(reading, source, load, seconds(mark.received))
    )


def _load_before(rhythm: Rhythm) -> int | None:
    """Return when the load before the newest one ended, of a source that is loaded in batches."""
    usual = interval(rhythm)
    if usual is None or usual < BATCH:
        return None
    return max(at for at in rhythm.loads if at <= rhythm.loads[-1] - usual.total_seconds() / 2)


def _is_torn(reading: Reading, source: str, load: int, newest: int) -> bool:
    rows = reading.points
    rows = rows[(rows["measure"] == Stat.ROWS) & (rows["grain"] == "hour") & (rows["source"] == source)]
    last = rows[(rows["bucket"] > load - 4 * HOUR) & (rows["bucket"] <= load)]
    rate = last.groupby("event")["value"].sum() / 4
    to_the_end = set(last.loc[last["bucket"] > load - 2 * HOUR, "event"])
    busy = [event for event, value in rate.items() if value * (newest - load) / HOUR >= BUSY and event in to_the_end]
    marks = reading.marks[(reading.marks["source"] == source) & (reading.marks["measure"] == Stat.RECEIVED)]
    last_row = marks.groupby("event")["value"].max()
    left_out = len([event for event in busy if last_row.get(event, 0.0) <= load])
    return 2 <= left_out < len(busy) and left_out >= TORN * len(busy)
