"""What does the store say now, in one statement per table?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.base import EVERY, Catalog, Measure, Stat
from monitor.history.measures import Watermark
from monitor.history.times import moment
from monitor.stores.base import COLUMNS, Request, Store, TableFailure

ALWAYS = (  # what the calendar and the watermarks need, whatever is checked
    Measure(Stat.ROWS, grain="hour"),
    Measure(Stat.ROWS),
    Measure(Stat.RECEIVED, grain="hour"),
    Measure(Stat.LOADED, grain="hour"),
    Measure(Stat.LAGS),
)

if TYPE_CHECKING:
    import pandas as pd
MARKS = (str(Stat.RECEIVED), str(Stat.LOADED), str(Stat.SYNCED))


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run read."""

    catalog: Catalog
    points: pd.DataFrame  # columns of `stores.base.COLUMNS`; bucket in seconds since 1970; without the marks
    marks: pd.DataFrame  # the newest received_at and loaded_at by source, event and hour; the ends of loads by source
    watermarks: Mapping[str, Watermark]
    failures: tuple[TableFailure, ...]
    statements: int
    rows: int


def request(
    measures: Iterable[Measure], since: dt.datetime, until: dt.datetime, zone: str, *, days: bool = True
) -> Request:
    """Return the request for all that checks want, and what is always needed; without `days`, for hours alone."""
    wanted = tuple(dict.fromkeys((*ALWAYS, *measures)))
    return Request(tuple(m for m in wanted if days or m.grain == "hour"), since, until, zone)


def untouched(points: pd.DataFrame, asked: Iterable[Measure], others: Iterable[Measure]) -> pd.Series:
    """Mark the points that only others would have asked for: what is known of them stays as it is."""
    mine, theirs = ({_named(m) for m in measures} for measures in (asked, others))
    named = points[["measure", "grain", "event", "property"]]
    kinds = named.drop_duplicates()
    kept = [not _covered(kind, mine) and _covered(kind, theirs) for kind in kinds.itertuples(index=False)]
    marks = kinds.assign(kept=kept) if len(kinds) else kinds.assign(kept=[])
    return named.merge(marks, how="left")["kept"].astype(bool).set_axis(points.index)


def _named(measure: Measure) -> tuple[str, str, str, str]:
    anything = measure.property in (None, EVERY)
    return measure.name(), measure.grain, measure.event or "", "" if anything else str(measure.property)


def _covered(kind: tuple[str, ...], asked: Collection[tuple[str, str, str, str]]) -> bool:
    """Say whether points are of what is asked of any event or theirs, and of any property or theirs."""
    measure, grain, event, name = kind
    return any((measure, grain, e, p) in asked for e in ("", event) for p in ("", name))


def read(store: Store, asked: Request, known: Mapping[str, Watermark], catalog: Catalog | None = None) -> Reading:
    """Ask the store.

    Args:
        store: where the events lie.
        asked: what to measure.
        known: the watermarks so far, which only move forwards.
        catalog: what the store holds, where it has just been asked.

    Raises:
        StoreError: the store does not answer.
    """
    catalog = catalog or store.catalog((asked.since, asked.until))
    measured = store.measure(asked)
    frame = measured.frame.loc[:, list(COLUMNS)]
    frame = frame.assign(bucket=frame["bucket"].astype("datetime64[s]").astype("int64"))
    is_mark = frame["measure"].isin(MARKS)
    return Reading(
        catalog,
        frame[~is_mark],
        frame[is_mark],
        _watermarks(frame[is_mark], known, asked.until),
        measured.failures,
        measured.statements,
        measured.rows,
    )


def _watermarks(marks: pd.DataFrame, known: Mapping[str, Watermark], now: dt.datetime) -> dict[str, Watermark]:
    newest = marks.groupby(["source", "measure"])["value"].max()
    newest = newest.clip(upper=now.timestamp())  # the store's clock may be ahead, and a mark never moves back
    found = dict(known)
    for source in marks["source"].unique():
        received, loaded, synced = (newest.get((source, mark)) for mark in MARKS)
        before = known.get(source)
        if received is None and before is None:
            continue  # a load of something else
        found[source] = Watermark(
            _later(received, before.received if before else None) or moment(0),
            _later(loaded, before.loaded if before else None),
            _later(synced, None),
        )
    return found


def _later(value: float | None, known: dt.datetime | None) -> dt.datetime | None:
    at = None if value is None else moment(int(value))
    return max((each for each in (at, known) if each is not None), default=None)
