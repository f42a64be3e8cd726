"""What do queries that users wrote return?

Each is a statement of its own: nobody can fuse what somebody else wrote. It runs on the same read-only connection,
under the same time limit, and says its time predicate with `:since` and `:until`. One that gives a bucket and a
value is asked once; one that gives a single number is asked for each hour or day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from checks.base import Grain, Stat
from monitor.stores import clock
from monitor.stores.base import COLUMNS, Request, Statement, TableFailure
from monitor.stores.own import OwnQuery
from monitor.stores.place import Place
from monitor.stores.table import Column

MOST = {"day": 62, "hour": 72}  # buckets for which a single number is asked in one run
MOST_ROWS = 20_000  # of one answer
SERIES = {"bucket", "value"}
Row = tuple[str, str, str, str, str, str, dt.datetime, float]


@dataclass(frozen=True, slots=True)
class Clock:
    """What `:since` and `:until` are compared with: the time column of the events."""

    column: Column
    naive_zone: ZoneInfo

    def bound(self, name: str, at: dt.datetime) -> Any:
        """Return a moment as that column writes it."""
        aware = self.column.aware or self.column.clock != "time"
        return clock.bound(self.column, name, at if aware else at.astimezone(self.naive_zone).replace(tzinfo=None))


class WrongAnswerError(Exception):
    """A query returns something else than one number, or buckets and values."""


def answered(
    place: Place, queries: Sequence[OwnQuery], request: Request, clock: Clock, events: Collection[str]
) -> tuple[pd.DataFrame, int, list[TableFailure]]:
    """Return what the queries return as rows of a store's answer, the number of statements, and what failed."""
    rows: list[Row] = []
    failures: list[TableFailure] = []
    asked = 0
    for query in wanted(queries, request):
        try:
            for window in windows(query, request):
                asked += 1
                found = place.asked(_fetch(statement(query, window, clock)))
                rows += _rows(query, found, window, (request, clock, events))
        except (SQLAlchemyError, WrongAnswerError) as error:
            said = str(error) if isinstance(error, WrongAnswerError) else place.said(error)
            failures.append(TableFailure(f"{query.place} (custom check {query.name})", (), said))
    types = dict.fromkeys(COLUMNS[:6], "str") | {"bucket": "datetime64[s]", "value": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types), asked, failures


def statements(place: Place, queries: Sequence[OwnQuery], request: Request, clock: Clock) -> Iterator[Statement]:
    """Yield the SQL of the queries for people to read; of one that is asked by bucket, that of the newest."""
    for query in wanted(queries, request):
        all_windows = windows(query, request)
        for window in all_windows[-1:]:
            times = f", asked {len(all_windows)} times" if len(all_windows) > 1 else ""
            text = place.literal(statement(query, window, clock))
            yield Statement(f"custom check {query.name}", text, apart=f"written in {query.place}{times}")


def wanted(queries: Sequence[OwnQuery], request: Request) -> list[OwnQuery]:
    """Return the queries of the grains that are asked for."""
    grains = {measure.grain for measure in request.measures if measure.stat is Stat.CUSTOM}
    return [query for query in queries if query.grain in grains]


def windows(query: OwnQuery, request: Request) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return for which times a query is asked: all at once, or each complete bucket where it gives one number."""
    if query.gives_rows:
        return [(request.since, request.until)]
    buckets = list(_buckets(query.grain, request))
    return buckets[-MOST[query.grain] :]


def _buckets(grain: Grain, request: Request) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    start = _floor(request.since, grain, request.zone)
    step = dt.timedelta(hours=36 if grain == "day" else 1)  # into the next one, also where a day has 25 hours
    while (end := _floor(start + step, grain, request.zone)) <= request.until:
        if start >= request.since:
            yield start, end
        start = end


def _floor(at: dt.datetime, grain: Grain, zone: str) -> dt.datetime:
    local = at.astimezone(ZoneInfo(zone))
    if grain == "hour":
        return at - dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return dt.datetime.combine(local.date(), dt.time(), local.tzinfo).astimezone(dt.UTC)


def statement(query: OwnQuery, window: tuple[dt.datetime, dt.datetime], clock: Clock) -> Any:
    """Return a query with its times bound."""
    text = sa.text(query.sql)
    bounds = {name: clock.bound(name, at) for name, at in zip(("since", "until"), window, strict=True)}
    return text.bindparams(*(_parameter(bound) for bound in bounds.values()))


def _parameter(bound: Any) -> Any:
    """Return the parameter within what a dialect wraps around it."""
    return bound if isinstance(bound, sa.BindParameter) else next(iter(bound.clauses))


def _fetch(asked: Any) -> Callable[[sa.Connection], tuple[list[str], list[Sequence[Any]]]]:
    def fetch(connection: sa.Connection) -> tuple[list[str], list[Sequence[Any]]]:
        result = connection.execute(asked)
        names = list(result.keys())
        return [str(name).lower() for name in names], [tuple(row) for row in result.fetchmany(MOST_ROWS + 1)]

    return fetch


def _rows(
    query: OwnQuery,
    found: tuple[list[str], list[Sequence[Any]]],
    window: tuple[dt.datetime, dt.datetime],
    of: tuple[Request, Clock, Collection[str]],
) -> Iterator[Row]:
    names, rows = found
    (request, clock, events), (since, until) = of, window
    if len(rows) > MOST_ROWS:
        raise WrongAnswerError(f"it returns more than {MOST_ROWS:,} rows; group them by hour or day")
    if not query.gives_rows:
        yield _row(query, query.event or "", "", since, _number(_alone(names, rows)))
        return
    if not set(names) >= SERIES:
        said = ", ".join(names)
        raise WrongAnswerError(
            f"it returns the columns {said}; it has to return bucket and value, and event if there are several"
        )
    seen: set[tuple[str, dt.datetime]] = set()
    for row in rows:
        given = dict(zip(names, row, strict=True))
        start = _start(given["bucket"], query.grain, clock, request.zone)
        if (place := (str(given.get("event")), start)) in seen:
            raise WrongAnswerError(f"it returns two rows for one {query.grain}; group them by it")
        seen.add(place)
        if given["value"] is not None and since <= start < until:
            said = str(given.get("event") or query.event or "")
            known = said in events or said == (query.event or "")
            group = "" if known else said
            yield _row(query, said if known else query.event or "", group, start, _number(given["value"]))


def _alone(names: list[str], rows: list[Sequence[Any]]) -> Any:
    if len(names) != 1 or len(rows) != 1:
        said = f"{len(rows)} rows of {', '.join(names)}"
        raise WrongAnswerError(f"it returns {said}; it has to return one number, or the columns bucket and value")
    return 0.0 if rows[0][0] is None else rows[0][0]


def _row(query: OwnQuery, event: str, group: str, at: dt.datetime, value: float) -> Row:
    name = f"{query.name}: {group}" if group else query.name
    start = at.astimezone(dt.UTC).replace(tzinfo=None)
    return "", event, name, query.name, str(Stat.CUSTOM), query.grain, start, value


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise WrongAnswerError("a value that it returns is not a number") from None


def _start(value: Any, grain: Grain, clock: Clock, zone: str) -> dt.datetime:
    """Return the start of a bucket: a midnight without a zone is that of the day in the business time zone."""
    if grain == "day" and isinstance(value, dt.datetime) and value.tzinfo is None and value.time() == dt.time():
        value = value.date()
    return _floor(_moment(value, clock, ZoneInfo(zone)), grain, zone)


def _moment(value: Any, clock: Clock, zone: ZoneInfo) -> dt.datetime:
    """Return a bucket as an instant: a time, a day of the business time zone, or a text that spells one of both."""
    if isinstance(value, str):
        try:
            value = (
                dt.date.fromisoformat(value)
                if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
                else dt.datetime.fromisoformat(value)
            )
        except ValueError:
            raise WrongAnswerError("a bucket that it returns is not a time; write date_trunc('day', …)") from None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=clock.naive_zone).astimezone(dt.UTC)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time(), zone).astimezone(dt.UTC)
    raise WrongAnswerError("a bucket that it returns is not a time; write date_trunc('day', …)")
