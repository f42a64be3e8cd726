"""What did people do about incidents, and when?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from monitor.actions import Action, Verb, replay
from monitor.history import schema
from monitor.history.times import moment, seconds
from monitor.incidents import Incident


def read_actions(
    connection: Connection,
    workspace: str,
    incidents: Collection[str] | None = None,
    since: dt.datetime | None = None,
) -> tuple[Action, ...]:
    """Return what was done, the oldest first: about some incidents (None: all), from `since` on."""
    table = schema.action
    query = select(table).where(table.c.workspace == workspace).order_by(table.c.id)
    if incidents is not None:
        query = query.where(table.c.incident.in_(incidents))
    if since is not None:
        query = query.where(table.c.at >= seconds(since))
    return tuple(_action(row) for row in connection.execute(query))


def write_action(connection: Connection, workspace: str, action: Action) -> None:
    """Keep an action."""
    connection.execute(
        insert(schema.action).values(
            workspace=workspace,
            incident=action.incident,
            verb=str(action.verb),
            by=action.by,
            via=action.via,
            at=seconds(action.at),
            until=None if action.until is None else seconds(action.until),
            note=action.note,
        )
    )


def with_actions(connection: Connection, workspace: str, incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Return incidents with what people did about them since they were read: a run must not undo it."""
    incidents = tuple(incidents)
    done: dict[str, list[Action]] = defaultdict(list)
    for action in read_actions(connection, workspace, [incident.id for incident in incidents]):
        done[action.incident].append(action)
    return tuple(replay(incident, done[incident.id][incident.actions :]) for incident in incidents)


def _action(row: Row[Any]) -> Action:
    return Action(
        verb=Verb(row.verb),
        incident=row.incident,
        by=row.by,
        via=row.via,
        at=moment(row.at),
        until=None if row.until is None else moment(row.until),
        note=row.note,
    )
