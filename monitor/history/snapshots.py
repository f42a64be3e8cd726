"""What was found out last beside the measures: the catalogue, what anybody queries?

Of each name only the newest is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert, select

from monitor.history import schema
from monitor.history.times import moment, seconds


def read_snapshot(connection: Connection, workspace: str, name: str) -> tuple[dt.datetime, Any] | None:
    """Return when a snapshot was taken, and what it says as JSON reads it; None: there is none of that name."""
    table = schema.snapshot
    row = connection.execute(select(table).where(table.c.workspace == workspace, table.c.name == name)).first()
    return None if row is None else (moment(row.at), orjson.loads(row.body))


def write_snapshots(connection: Connection, workspace: str, at: dt.datetime, bodies: Mapping[str, Any]) -> None:
    """Replace the snapshots of some names; bodies are anything that JSON can say."""
    table = schema.snapshot
    for name, body in bodies.items():
        connection.execute(delete(table).where(table.c.workspace == workspace, table.c.name == name))
        said = orjson.dumps(body).decode()
        connection.execute(insert(table).values(workspace=workspace, name=name, at=seconds(at), body=said))
