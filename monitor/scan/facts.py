"""What came of each event, over the whole time?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from checks.base import Stat
from monitor.history.times import moment
from monitor.scan.measuring import DAY, Measured
from monitor.stores.files.ingest import Ingested


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """One event in numbers."""

    event: str
    sources: tuple[str, ...]  # empty where files name no source
    rows: int
    first: dt.datetime  # start of the day in which it was first seen, UTC
    last: dt.datetime
    daily: tuple[float, ...]  # rows of each day of the whole time
    copies: int  # rows beyond the first of the same id, or content where there are no ids
    repeats: int  # rows that say again what the same user just said
    no_id: int  # rows without a message id
    no_user: int | None  # rows without a user id; None where no column holds one
    nobody: int | None  # rows without any id of a person


def event_facts(ingested: Ingested, measured: Measured) -> tuple[EventFacts, ...]:
    """Return the facts of each event, the most frequent first."""
    points = measured.reading.points
    by_day = points[points["grain"] == "day"]
    sums = by_day.groupby(["event", "measure"], as_index=False)["value"].sum()
    stats = dict(zip(zip(sums["event"], sums["measure"], strict=True), sums["value"], strict=True))
    identity = {each.event: each for each in ingested.identity}
    found = []
    for event, rows in by_day[by_day["measure"] == Stat.ROWS].groupby("event"):
        name, person = str(event), identity.get(str(event))
        total = int(rows["value"].sum())
        with_id = int(stats.get((event, str(Stat.IDS)), 0)) if measured.reading.catalog.has_ids else total
        found.append(
            EventFacts(
                event=name,
                sources=tuple(sorted(source for source in rows["source"].unique() if source)),
                rows=total,
                first=moment(int(rows["bucket"].min())),
                last=moment(int(rows["bucket"].max())),
                daily=_daily(rows, measured),
                copies=_count(stats, name, Stat.SURPLUS),
                repeats=_count(stats, name, Stat.REPEATS),
                no_id=total - with_id,
                no_user=person.no_user if person and "user_id" in ingested.settings.columns else None,
                nobody=person.nobody if person else None,
            )
        )
    return tuple(sorted(found, key=lambda facts: (-facts.rows, facts.event)))


def empty_properties(measured: Measured) -> frozenset[str]:
    """Return the properties that no row of any event fills."""
    points = measured.reading.points
    by_day = points[points["grain"] == "day"]
    rows = by_day.loc[by_day["measure"] == Stat.ROWS, "value"].sum()
    nulls = by_day[by_day["measure"] == Stat.NULLS].groupby("property")["value"].sum()
    return frozenset(str(name) for name in nulls.index[nulls >= rows])


def _count(stats: Mapping[tuple[str, str], float], event: str, stat: Stat) -> int:
    return int(stats.get((event, str(stat)), 0))


def _daily(rows: pd.DataFrame, measured: Measured) -> tuple[float, ...]:
    days = (measured.until - measured.since) // DAY
    values = [0.0] * days
    for bucket, value in zip(rows["bucket"], rows["value"], strict=True):
        values[min((moment(int(bucket)) - measured.since) // DAY, days - 1)] += float(value)
    return tuple(values)
