"""What is still to be told to whom, and what became of it?

A message is written here in the transaction that changes the incident, before anything is
sent. A claim that never ended (the process was killed) comes back as ambiguous, once it is
old enough that no process can still be at it.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Row, delete, insert, or_, select, update

from monitor.alerts.base import Receipt
from monitor.alerts.deliver import UNSURE, Delivery, State, together
from monitor.alerts.digest import PREFIX
from monitor.alerts.message import Chart, Message, Page, Reason
from monitor.errors import DeliveryError
from monitor.history import schema
from monitor.history.engine import one_at_a_time, transaction
from monitor.history.lease import refuse_overtaken
from monitor.history.times import moment, seconds

LEASE = dt.timedelta(minutes=10)  # for which a try belongs to the process that began it
PENDING, SENDING, SENT, SUPPRESSED, FAILED = "pending", "sending", "sent", "suppressed", "failed"
STATES = {
    State.WAITING: (PENDING, SENDING),
    State.SENT: (SENT,),
    State.FAILED: (FAILED,),
    State.SUPPRESSED: (SUPPRESSED,),
}
MANY = 1000  # values that one statement names: databases bear no more than some ten thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What has become of a delivery so far."""

    id: str
    channel: str
    incident: str  # or digest, or report: the thread that it belongs to
    reason: str  # why it was to be told, such as `new problem`
    title: str
    state: State
    why: str  # of what failed, waits or was suppressed
    attempts: int
    created: dt.datetime
    next_try: dt.datetime | None  # None: it is over, or due at once
    ended: dt.datetime | None


@cache
def _adapter() -> TypeAdapter[Message]:
    return TypeAdapter(Message)


@cache
def _page_adapter() -> TypeAdapter[Page]:
    return TypeAdapter(Page)


def enqueue(connection: Connection, workspace: str, deliveries: Iterable[Delivery]) -> None:
    """Put messages into the outbox; one that is there already stays as it is."""
    table = schema.outbox
    given = {delivery.id: delivery for delivery in deliveries}
    for some in _by_many(list(given)):
        known = set(connection.scalars(select(table.c.id).where(table.c.id.in_(some))))
        new = [given[name] for name in some if name not in known]
        if new:
            connection.execute(insert(table), [_row(workspace, delivery) for delivery in new])
            _release(connection, workspace, new)


def _release(connection: Connection, workspace: str, new: Sequence[Delivery]) -> None:
    """Send what waits for the end of quiet hours before what must be told at once of the same incident."""
    table = schema.outbox
    held = (table.c.state == PENDING, table.c.attempts == 0, table.c.next_try > 0)
    urgent: dict[str, list[str]] = defaultdict(list)
    for delivery in new:
        if delivery.next_try is None:
            urgent[delivery.channel].append(delivery.message.incident)
    for channel, incidents in urgent.items():
        thread = (table.c.incident.in_(incidents), table.c.channel == channel)
        connection.execute(update(table).where(table.c.workspace == workspace, *thread, *held).values(next_try=0))


def _row(workspace: str, delivery: Delivery) -> dict[str, Any]:
    message = delivery.message
    created = seconds(message.at)
    return {
        "id": delivery.id,
        "workspace": workspace,
        "incident": message.incident,
        "channel": delivery.channel,
        "reason": str(message.reason),
        "created": created,
        "state": SUPPRESSED if delivery.suppressed else PENDING,
        "attempts": 0,
        "next_try": seconds(delivery.next_try) if delivery.next_try else 0,
        "why": delivery.suppressed,
        "ambiguous": False,
        "message": _adapter().dump_json(replace(message, chart=None, page=None)).decode(),
        "zone": getattr(message.at.tzinfo, "key", "UTC"),
        "chart": None if delivery.suppressed else _packed(message),
        "ended": created if delivery.suppressed else None,
    }


def forget(connection: Connection, workspace: str, before: dt.datetime) -> None:
    """Drop deliveries that ended before a time.

    Those of open incidents stay, because their threads go on, and so does the digest of each that stays.
    """
    table, incident = schema.outbox, schema.incident
    going_on = select(incident.c.id).where(incident.c.workspace == workspace, incident.c.resolved.is_(None))
    old = (table.c.workspace == workspace, table.c.ended < seconds(before), table.c.incident.not_in(going_on))
    is_digest = table.c.incident.startswith(PREFIX)
    connection.execute(delete(table).where(*old, ~is_digest))
    told = select(table.c.digest).where(table.c.digest.is_not(None)).scalar_subquery()
    connection.execute(delete(table).where(*old, is_digest, table.c.incident.not_in(told)))


class _TakenError(Exception):
    """Another process has something that was to be changed: nothing is."""


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
        """Note that it arrived; if perhaps twice, say so."""
        kept = orjson.dumps(dict(receipt.data)).decode()
        why = [UNSURE] if delivery.ambiguous else []
        if "refused" in receipt.data:
            why.append(f"some were not reached: {receipt.data['refused']}")
        self._set(delivery, state=SENT, why="; ".join(why), receipt=kept, ended=seconds(now), chart=None)

    def postpone(self, delivery: Delivery, error: DeliveryError, next_try: dt.datetime) -> None:
        """Note a temporary failure, and when to try again."""
        self._set(delivery, state=PENDING, why=error.reason, next_try=seconds(next_try), ambiguous=error.ambiguous)

    def failed(self, delivery: Delivery, reason: str, now: dt.datetime) -> None:
        """Note that it will not arrive, and why."""
        self._set(delivery, state=FAILED, why=reason, ended=seconds(now), chart=None)

    def rest(self, channel: str, until: dt.datetime) -> None:
        """Let everything that waits for a channel wait until then."""
        table = schema.outbox
        sooner = (table.c.state == PENDING, table.c.next_try < seconds(until))
        with transaction(self._engine) as connection:
            ours = (table.c.workspace == self._workspace, table.c.channel == channel)
            connection.execute(update(table).where(*ours, *sooner).values(next_try=seconds(until)))

    def threads(self, channel: str, incidents: Sequence[str]) -> Mapping[str, str | None]:
        """Return the incidents that a channel was told of, each with the newest digest that tells of it, if any."""
        table = schema.outbox
        told = or_(table.c.state == SENT, table.c.digest.is_not(None))
        query = (
            select(table.c.incident, table.c.digest)
            .where(table.c.workspace == self._workspace, table.c.channel == channel, told)
            .order_by(table.c.created, table.c.id)
        )
        found: dict[str, str | None] = {}
        with transaction(self._engine) as connection:
            for some in _by_many(sorted(set(incidents))):
                for row in connection.execute(query.where(table.c.incident.in_(some))):
                    found[row.incident] = row.digest
        return found

    def told_in(self, name: str, channel: str) -> Sequence[Message]:
        """Return all messages that were told in a digest, oldest first."""
        table = schema.outbox
        query = (
            select(table)
            .where(table.c.workspace == self._workspace, table.c.digest == name, table.c.channel == channel)
            .order_by(table.c.created, table.c.id)
        )
        with transaction(self._engine) as connection:
            return [_delivery(row).message for row in connection.execute(query)]

    def suppress(self, overtaken: Sequence[Delivery], reason: str, now: dt.datetime) -> bool:
        """Note that some will not be sent, and why. False: another process has one of them, and nothing is changed."""
        return self._replace(overtaken, None, {"why": reason}, now)

    def gather(self, whole: Delivery, members: Sequence[Delivery], now: dt.datetime) -> bool:
        """Put one delivery in the place of several, which end as suppressed. False: another process has some."""
        name = whole.message.incident
        return self._replace(members, whole, {"why": together(name), "digest": name}, now)

    def _replace(
        self, members: Sequence[Delivery], whole: Delivery | None, noted: Mapping[str, str], now: dt.datetime
    ) -> bool:
        table = schema.outbox
        over = {"state": SUPPRESSED, "ended": seconds(now), "chart": None, **noted}
        free = update(table).where(table.c.state == PENDING, table.c.ambiguous.is_(False)).values(**over)
        try:
            with transaction(self._engine) as connection:
                one_at_a_time(connection, self._workspace)
                refuse_overtaken(connection, self._workspace, self._token)
                ids = [each.id for each in members]
                if sum(connection.execute(free.where(table.c.id.in_(some))).rowcount for some in _by_many(ids)) != len(
                    ids
                ):
                    raise _TakenError
                enqueue(connection, self._workspace, [whole] if whole else [])
        except _TakenError:
            return False
        return True

    def listed(
        self,
        *,
        since: dt.datetime | None = None,
        channel: str | None = None,
        state: str | None = None,
        incident: str | None = None,
        most: int | None = None,
    ) -> tuple[Entry, ...]:
        """Return what became of deliveries, the newest first.

        Args:
            since: only those that were made at or after this time.
            channel: only to this channel.
            state: only those in this state, a value of `State`.
            incident: only those of this incident, whether told by itself or in a digest.
            most: at most so many.
        """
        table = schema.outbox
        query = select(table).where(table.c.workspace == self._workspace)
        for column, value in ((table.c.channel, channel), (table.c.incident, incident)):
            query = query if value is None else query.where(column == value)
        if since is not None:
            query = query.where(table.c.created >= seconds(since))
        if state is not None:
            query = query.where(table.c.state.in_(STATES[State(state)]))
        query = query.order_by(table.c.created.desc(), table.c.id).limit(most)
        with transaction(self._engine) as connection:
            return tuple(_entry(row) for row in connection.execute(query))

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


def _by_many(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), MANY):
        yield values[first : first + MANY]


def _entry(row: Row[Any]) -> Entry:
    state = next(state for state, kept in STATES.items() if row.state in kept)
    return Entry(
        id=row.id,
        channel=row.channel,
        incident=row.incident,
        reason=row.reason,
        title=orjson.loads(row.message)["title"],
        state=state,
        why=row.why,
        attempts=row.attempts,
        created=moment(row.created),
        next_try=moment(row.next_try) if row.next_try and state is State.WAITING else None,
        ended=moment(row.ended) if row.ended is not None else None,
    )


def _delivery(row: Row[Any]) -> Delivery:
    message = _adapter().validate_json(row.message)
    # JSON keeps an offset, not the name of a zone
    message = _unpacked(replace(message, at=message.at.astimezone(ZoneInfo(row.zone))), row.chart)
    return Delivery(
        id=row.id,
        channel=row.channel,
        message=message,
        attempts=row.attempts,
        next_try=moment(row.next_try) if row.next_try else None,
        ambiguous=row.ambiguous or row.state == SENDING,
    )


def _packed(message: Message) -> bytes | None:
    """Return what is only needed until a message is sent: its page, or its chart, as bytes.

    Of a chart those are the texts that replace it, each ended by a zero byte, and the picture.
    """
    if message.page is not None:
        return zlib.compress(_page_adapter().dump_json(message.page))
    if message.chart is None:
        return None
    texts = (text.replace("\0", "").encode() for text in (message.chart.alt, message.chart.spark))
    return b"\0".join((*texts, message.chart.png))


def _unpacked(message: Message, packed: bytes | None) -> Message:
    """Return a message with its page or chart."""
    if packed is None:
        return message
    if message.reason is Reason.REPORT:
        return replace(message, page=_page_adapter().validate_json(zlib.decompress(packed)))
    alt, spark, png = packed.split(b"\0", 2)
    return replace(message, chart=Chart(png, alt.decode(), spark.decode()))
