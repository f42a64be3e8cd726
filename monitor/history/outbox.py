"""What is still to be told to whom, and what became of it?

A message is written here in the transaction that changes the incident, before anything is
sent. A claim that never ended (the process was killed) comes back as ambiguous, once it is
old enough that no process can still be at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Row, insert, select, update

from monitor.alerts.base import Receipt
from monitor.alerts.deliver import Delivery
from monitor.alerts.message import Chart, Message
from monitor.errors import DeliveryError
from monitor.history import schema
from monitor.history.engine import one_at_a_time, transaction
from monitor.history.lease import refuse_overtaken
from monitor.history.times import moment, seconds

LEASE = dt.timedelta(minutes=10)  # for which a try belongs to the process that began it
PENDING, SENDING, SENT, FAILED = "pending", "sending", "sent", "failed"


@cache
def _adapter() -> TypeAdapter[Message]:
    return TypeAdapter(Message)


def enqueue(connection: Connection, workspace: str, deliveries: Iterable[Delivery]) -> None:
    """Put messages into the outbox; one that is there already stays as it is."""
    table = schema.outbox
    for delivery in deliveries:
        if connection.execute(select(table.c.id).where(table.c.id == delivery.id)).first():
            continue
        message = delivery.message
        connection.execute(
            insert(table).values(
                id=delivery.id,
                workspace=workspace,
                incident=message.incident,
                channel=delivery.channel,
                reason=str(message.reason),
                created=seconds(message.at),
                state=PENDING,
                attempts=0,
                next_try=0,
                why="",
                ambiguous=False,
                message=_adapter().dump_json(replace(message, chart=None)).decode(),
                zone=getattr(message.at.tzinfo, "key", "UTC"),
                chart=_packed(message.chart),
            )
        )


class StoredOutbox:
    """The outbox of one workspace in the state database. Every method is one committed transaction."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        """Work on the state database behind `engine`."""
        self._engine = engine
        self._workspace = workspace
        self._token: int | None = None

    def fence(self, token: int | None) -> None:
        """Begin tries only while the lease has this token."""
        self._token = token

    def pending(self) -> Sequence[Delivery]:
        """Return what is neither sent nor failed, oldest first."""
        table = schema.outbox
        query = (
            select(table)
            .where(table.c.workspace == self._workspace, table.c.state.in_([PENDING, SENDING]))
            .order_by(table.c.created, table.c.id)
        )
        with transaction(self._engine) as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def claim(self, delivery: Delivery, now: dt.datetime) -> bool:
        """Note that a try begins, and count it. False: another process has it."""
        table = schema.outbox
        ours = (table.c.id == delivery.id, table.c.attempts == delivery.attempts, table.c.state.in_([PENDING, SENDING]))
        begun = {"state": SENDING, "attempts": delivery.attempts + 1, "next_try": seconds(now + LEASE)}
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            refuse_overtaken(connection, self._workspace, self._token)
            begun["token"] = self._token
            return connection.execute(update(table).where(*ours).values(**begun)).rowcount == 1

    def sent(self, delivery: Delivery, receipt: Receipt, now: dt.datetime) -> None:
        """Note that it arrived."""
        self._set(
            delivery,
            state=SENT,
            why=f"sent {now:%Y-%m-%d %H:%M} UTC",
            receipt=orjson.dumps(dict(receipt.data)).decode(),
        )

    def postpone(self, delivery: Delivery, error: DeliveryError, next_try: dt.datetime) -> None:
        """Note a temporary failure, and when to try again."""
        self._set(delivery, state=PENDING, why=error.reason, next_try=seconds(next_try), ambiguous=error.ambiguous)

    def failed(self, delivery: Delivery, reason: str, now: dt.datetime) -> None:
        """Note that it will not arrive, and why."""
        self._set(delivery, state=FAILED, why=reason)

    def root(self, incident: str, channel: str) -> Receipt | None:
        """Return the newest receipt of an incident in a channel: of its root message, which may have been replaced."""
        table = schema.outbox
        query = (
            select(table.c.receipt)
            .where(
                table.c.workspace == self._workspace,
                table.c.incident == incident,
                table.c.channel == channel,
                table.c.state == SENT,
            )
            .order_by(table.c.created.desc(), table.c.id.desc())
        )
        with transaction(self._engine) as connection:
            found = connection.execute(query).first()
        return Receipt(orjson.loads(found.receipt)) if found else None

    def _set(self, delivery: Delivery, **values: Any) -> None:
        table = schema.outbox
        with transaction(self._engine) as connection:
            connection.execute(update(table).where(table.c.id == delivery.id).values(**values))


def _delivery(row: Row[Any]) -> Delivery:
    message = _adapter().validate_json(row.message)
    # JSON keeps an offset, not the name of a zone
    message = replace(message, at=message.at.astimezone(ZoneInfo(row.zone)), chart=_unpacked(row.chart))
    return Delivery(
        id=row.id,
        channel=row.channel,
        message=message,
        attempts=row.attempts,
        next_try=moment(row.next_try) if row.next_try else None,
        ambiguous=row.ambiguous or row.state == SENDING,
    )


def _packed(chart: Chart | None) -> bytes | None:
    """Return a chart as bytes: the texts that replace it, each ended by a zero byte, and the picture."""
    if chart is None:
        return None
    texts = (text.replace("\0", "").encode() for text in (chart.alt, chart.spark))
    return b"\0".join((*texts, chart.png))


def _unpacked(packed: bytes | None) -> Chart | None:
    if packed is None:
        return None
    alt, spark, png = packed.split(b"\0", 2)
    return Chart(png, alt.decode(), spark.decode())
