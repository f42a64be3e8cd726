"""Which reports were made of past weeks, for whom? Kept as they were sent, or as they were when their week was over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from monitor.history import schema
from monitor.history.times import moment, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One report of the archive."""

    week: str
    audience: str = ""  # an owner; empty: everybody
    at: dt.datetime
    sent: bool  # False: it was only put into the archive
    head: Mapping[str, Any]  # what a list of reports shows of it, as JSON says it
    body: Any = None  # all of it, as JSON says it; None: it was not read


def read_report(connection: Connection, workspace: str, week: str, audience: str) -> Kept | None:
    """Return one report with its body; None: there is none."""
    row = connection.execute(select(schema.report).where(_is(workspace, week, audience))).first()
    return None if row is None else _kept(row, orjson.loads(row.body))


def list_reports(connection: Connection, workspace: str) -> tuple[Kept, ...]:
    """Return all reports without their bodies, the newest week first, that for everybody before those of owners."""
    table = schema.report
    columns = (table.c.week, table.c.audience, table.c.at, table.c.sent, table.c.head)
    query = select(*columns).where(table.c.workspace == workspace).order_by(table.c.week.desc(), table.c.audience)
    return tuple(_kept(row) for row in connection.execute(query))


def write_report(connection: Connection, workspace: str, kept: Kept) -> None:
    """Keep a report, in place of the one of the same week and audience."""
    connection.execute(delete(schema.report).where(_is(workspace, kept.week, kept.audience)))
    connection.execute(
        insert(schema.report).values(
            workspace=workspace,
            week=kept.week,
            audience=kept.audience,
            at=seconds(kept.at),
            sent=kept.sent,
            head=orjson.dumps(dict(kept.head)).decode(),
            body=orjson.dumps(kept.body).decode(),
        )
    )


def forget(connection: Connection, workspace: str, before: dt.datetime) -> None:
    """Drop the reports that were made before a time."""
    table = schema.report
    connection.execute(delete(table).where(table.c.workspace == workspace, table.c.at < seconds(before)))


def was_sent(connection: Connection, workspace: str, week: str, audience: str) -> bool | None:
    """Say whether a report was sent; None: it is not even kept."""
    return connection.execute(select(schema.report.c.sent).where(_is(workspace, week, audience))).scalar()


def _is(workspace: str, week: str, audience: str) -> ColumnElement[bool]:
    table = schema.report
    return and_(table.c.workspace == workspace, table.c.week == week, table.c.audience == audience)


def _kept(row: Any, body: Any = None) -> Kept:
    head = orjson.loads(row.head)
    return Kept(week=row.week, audience=row.audience, at=moment(row.at), sent=row.sent, head=head, body=body)
