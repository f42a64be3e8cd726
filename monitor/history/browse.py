"""What do the pages look up, that a run does not? Single events and runs; never all that is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, Engine, func, or_, select

from checks.base import Grain, Stat
from monitor.actions import Verb
from monitor.history import points, schema
from monitor.history.engine import transaction
from monitor.history.times import moment, seconds

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Run:
    """One evaluation that was kept."""

    at: dt.datetime
    judged_from: dt.datetime
    judged_until: dt.datetime
    summary: Mapping[str, Any]


class Shelf:
    """What the pages look up of one workspace."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        """Look into the state database behind `engine`."""
        self._engine = engine
        self._workspace = workspace

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that change with every run, and with every action that says an incident is over or none."""
        decisive = schema.action.c.verb.in_([Verb.RESOLVE, Verb.NOISE])
        newest = [
            select(func.max(schema.run.c.id)).where(self._ours(schema.run)),
            select(func.max(schema.action.c.id)).where(self._ours(schema.action), decisive),
        ]
        with transaction(self._engine) as connection:
            return tuple(connection.execute(query).scalar_one() or 0 for query in newest)

    def runs(self, most: int) -> tuple[Run, ...]:
        """Return the newest runs, the newest first."""
        table = schema.run
        query = select(table).where(self._ours(table)).order_by(table.c.id.desc()).limit(most)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return tuple(
            Run(moment(row.at), moment(row.judged_from), moment(row.judged_until), orjson.loads(row.summary))
            for row in rows
        )

    def summaries(self, since: dt.datetime, until: dt.datetime) -> tuple[Mapping[str, Any], ...]:
        """Return what was noted of the runs in [since, until), the oldest first."""
        table = schema.run
        span = (table.c.at >= seconds(since), table.c.at < seconds(until))
        with transaction(self._engine) as connection:
            found = connection.scalars(select(table.c.summary).where(self._ours(table), *span).order_by(table.c.id))
            return tuple(orjson.loads(summary) for summary in found)

    def measured(self) -> frozenset[str]:
        """Return the names of all measures of which anything is known."""
        table = schema.series
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(select(table.c.measure).where(self._ours(table)).distinct()).scalars())

    def points_of(self, event: str, since: dt.datetime, until: dt.datetime, grains: Sequence[Grain]) -> pd.DataFrame:
        """Return what was measured of one event in [since, until), as `Memory.points` does of all."""
        return self._points(schema.series.c.event == event, since, until, grains)

    def first_seen(self, event: str) -> dict[tuple[str, str], dt.datetime]:
        """Return the first hour in which an event was ever seen, by (event, source)."""
        table = schema.series
        query = select(table.c.source, table.c.first_seen).where(
            self._ours(table), table.c.event == event, table.c.measure == Stat.ROWS, table.c.grain == "hour"
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query.where(table.c.first_seen.is_not(None))).all()
        return {(event, row.source): moment(row.first_seen) for row in rows}

    def points_by(self, measures: Collection[str], since: dt.datetime, until: dt.datetime) -> pd.DataFrame:
        """Return by day some measures of all events."""
        return self._points(schema.series.c.measure.in_(measures), since, until, ("day",))

    def volumes(self, since: dt.datetime, until: dt.datetime) -> pd.DataFrame:
        """Return the messages of each event by day, as `Memory.points` does of all measures."""
        return self._points(schema.series.c.measure == Stat.ROWS, since, until, ("day",))

    def weeks_of(self, events: Collection[str], since: dt.datetime, until: dt.datetime) -> pd.DataFrame:
        """Return by day the messages of each event, and of some events all that was measured."""
        wanted = or_(schema.series.c.measure == Stat.ROWS, schema.series.c.event.in_(events))
        return self._points(wanted, since, until, ("day",))

    def _points(
        self, wanted: ColumnElement[bool], since: dt.datetime, until: dt.datetime, grains: Sequence[Grain]
    ) -> pd.DataFrame:
        with transaction(self._engine) as connection:
            return points.read_some(connection, self._workspace, wanted, (since, until), grains)

    def _ours(self, table: Any) -> ColumnElement[bool]:
        ours: ColumnElement[bool] = table.c.workspace == self._workspace
        return ours
