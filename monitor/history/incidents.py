"""Which incidents are there, and which have there been?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache

import orjson
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select

from monitor.history import schema
from monitor.history.times import seconds
from monitor.incidents import Incident

NO_EVENT = '"event":null'  # in the JSON of what is about a whole source, or the store


@cache
def _adapter() -> TypeAdapter[Incident]:
    return TypeAdapter(Incident)


def read_incidents(
    connection: Connection, workspace: str, *, since: dt.datetime | None = None, about: str | None = None
) -> tuple[Incident, ...]:
    """Return the open incidents, and those resolved after `since`, the oldest first.

    With `about`, those alone that name an event, or that are about no event but a whole source; some more may be there.
    """
    table = schema.incident
    wanted: ColumnElement[bool] = table.c.resolved.is_(None)
    if since is not None:
        wanted = or_(wanted, table.c.resolved > seconds(since))
    if about is not None:
        named = orjson.dumps(about).decode()
        wanted = and_(wanted, or_(table.c.body.contains(named, autoescape=True), table.c.body.contains(NO_EVENT)))
    rows = connection.execute(select(table).where(table.c.workspace == workspace, wanted).order_by(table.c.started))
    return tuple(_incident(row) for row in rows)


def read_incident(connection: Connection, workspace: str, incident: str) -> Incident | None:
    """Return one incident, however old."""
    table = schema.incident
    row = connection.execute(select(table).where(table.c.workspace == workspace, table.c.id == incident)).first()
    return _incident(row) if row else None


def write_incidents(connection: Connection, workspace: str, incidents: Iterable[Incident]) -> None:
    """Keep incidents, replacing what was known of them. The database refuses a second open one per subject."""
    table = schema.incident
    # resolved ones first, so that a new incident may take their subject in the same transaction
    for incident in sorted(incidents, key=lambda i: i.is_open):
        connection.execute(delete(table).where(table.c.id == incident.id))
        connection.execute(
            insert(table).values(
                id=incident.id,
                workspace=workspace,
                subject=str(incident.subject),
                state=str(incident.state),
                severity=str(incident.severity),
                started=seconds(incident.started),
                last_seen=seconds(incident.last_seen),
                resolved=None if incident.resolved is None else seconds(incident.resolved),
                body=_adapter().dump_json(incident).decode(),
            )
        )


def _incident(row: Row[tuple[object, ...]]) -> Incident:
    return _adapter().validate_json(row.body)
