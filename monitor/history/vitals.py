"""How is trackwatch itself doing, as far as its state database tells?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, case, func, select

from monitor.history import schema
from monitor.history.times import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What one channel has not been able to deliver."""

    channel: str
    number: int
    oldest: dt.datetime  # when the oldest message was written
    attempts: int  # most tries of one message
    why: str  # of the oldest one


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What can be counted in the state database of one workspace."""

    runs: int
    last_run: dt.datetime | None
    judged_until: dt.datetime | None
    received: Mapping[str, dt.datetime]  # source -> newest received_at
    deliveries: Mapping[tuple[str, str], int]  # (channel, state) -> messages
    waiting: tuple[Waiting, ...]
    failed: Mapping[str, str]  # channel whose newest message failed -> why
    incidents: Mapping[str, int] = field(default_factory=dict)  # severity -> unresolved ones


def read_vitals(connection: Connection, workspace: str) -> Vitals:
    """Count."""
    run, progress, mark = schema.run, schema.progress, schema.watermark
    mine = run.c.workspace == workspace
    runs, last = connection.execute(select(func.count(), func.max(run.c.at)).where(mine)).one()
    until = connection.execute(select(progress.c.judged_until).where(progress.c.workspace == workspace)).scalar()
    marks = connection.execute(select(mark.c.source, mark.c.received).where(mark.c.workspace == workspace))
    return Vitals(
        runs=runs,
        last_run=None if last is None else moment(last),
        judged_until=None if until is None else moment(until),
        received={source: moment(received) for source, received in marks},
        deliveries=_deliveries(connection, workspace),
        waiting=tuple(_waiting(connection, workspace)),
        failed=_failed(connection, workspace),
        incidents=_incidents(connection, workspace),
    )


def _deliveries(connection: Connection, workspace: str) -> dict[tuple[str, str], int]:
    table = schema.outbox
    group = (table.c.channel, table.c.state)
    counted = select(*group, func.count()).where(table.c.workspace == workspace).group_by(*group)
    return {(channel, state): number for channel, state, number in connection.execute(counted)}


def _waiting(connection: Connection, workspace: str) -> Iterator[Waiting]:
    table = schema.outbox
    mine = (table.c.workspace == workspace, table.c.state.in_(["pending", "sending"]))
    columns = (table.c.channel, table.c.created, table.c.attempts, table.c.why)
    rows = connection.execute(select(*columns).where(*mine).order_by(table.c.created, table.c.id)).all()
    for channel in dict.fromkeys(row.channel for row in rows):
        ours = [row for row in rows if row.channel == channel]
        yield Waiting(
            channel=channel,
            number=len(ours),
            oldest=moment(ours[0].created),
            attempts=max(row.attempts for row in ours),
            why=ours[0].why,
        )


def _failed(connection: Connection, workspace: str) -> dict[str, str]:
    """Return the channels whose newest message that came to an end failed."""
    table = schema.outbox
    mine = (table.c.workspace == workspace, table.c.state.in_(["sent", "failed"]))
    newest = select(table.c.channel, func.max(table.c.created).label("at")).where(*mine).group_by(table.c.channel)
    ends = newest.subquery()
    joined = select(table.c.channel, table.c.state, table.c.why).join(
        ends, (ends.c.channel == table.c.channel) & (ends.c.at == table.c.created)
    )
    first = case((table.c.state == "sent", 0), else_=1)  # one that arrived speaks for the channel
    found: dict[str, tuple[str, str]] = {}
    for row in connection.execute(joined.where(*mine).order_by(first)):
        found.setdefault(row.channel, (row.state, row.why))
    return {channel: why for channel, (state, why) in found.items() if state == "failed"}


def _incidents(connection: Connection, workspace: str) -> dict[str, int]:
    table = schema.incident
    mine = (table.c.workspace == workspace, table.c.resolved.is_(None))
    counted = select(table.c.severity, func.count().label("number")).where(*mine)
    return {row.severity: row.number for row in connection.execute(counted.group_by(table.c.severity))}
