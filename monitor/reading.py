"""What does the store say now, in one statement per table?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.base import Catalog, Measure, Stat
from monitor.history.measures import Watermark, moment
from monitor.stores.base import COLUMNS, Request, Store, TableFailure

ALWAYS = (  # what the calendar and the watermarks need, whatever is checked
    Measure(Stat.ROWS, grain="hour"),
    Measure(Stat.ROWS),
    Measure(Stat.RECEIVED, grain="hour"),
    Measure(Stat.LOADED, grain="hour"),
)

if TYPE_CHECKING:
    import pandas as pd
MARKS = (str(Stat.RECEIVED), str(Stat.LOADED))


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run read."""

    catalog: Catalog
    points: pd.DataFrame  # columns of `stores.base.COLUMNS`; bucket in seconds since 1970; without the marks
    watermarks: Mapping[str, Watermark]
    failures: tuple[TableFailure, ...]
    statements: int
    rows: int

    @property
    def first(self) -> dt.datetime | None:
        """Return the oldest bucket that was read."""
        return moment(int(self.points["bucket"].min())) if len(self.points) else None


def request(measures: Iterable[Measure], since: dt.datetime, until: dt.datetime, zone: str) -> Request:
    """Return the request for all that checks want, and what is always needed."""
    return Request(tuple(dict.fromkeys((*ALWAYS, *measures))), since, until, zone)


def read(store: Store, asked: Request, known: Mapping[str, Watermark]) -> Reading:
    """Ask the store. `known` are the watermarks so far, which only move forwards. Raises StoreError."""
    catalog = store.catalog((asked.since, asked.until))
    measured = store.measure(asked)
    frame = measured.frame.loc[:, list(COLUMNS)]
    frame = frame.assign(bucket=frame["bucket"].astype("datetime64[s]").astype("int64"))
    is_mark = frame["measure"].isin(MARKS)
    return Reading(
        catalog,
        frame[~is_mark],
        _watermarks(frame[is_mark], known),
        measured.failures,
        measured.statements,
        measured.rows,
    )


def _watermarks(marks: pd.DataFrame, known: Mapping[str, Watermark]) -> dict[str, Watermark]:
    newest = marks.groupby(["source", "measure"])["value"].max()
    found = dict(known)
    for source in marks["source"].unique():
        received, loaded = (newest.get((source, mark)) for mark in MARKS)
        before = known.get(source)
        found[source] = Watermark(
            _later(received, before.received if before else None) or moment(0),
            _later(loaded, before.loaded if before else None),
        )
    return found


def _later(value: float | None, known: dt.datetime | None) -> dt.datetime | None:
    at = None if value is None else moment(int(value))
    return max((each for each in (at, known) if each is not None), default=None)
