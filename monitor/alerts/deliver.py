"""How does each waiting message reach its channel once, and what becomes of those that cannot?

Every delivery ends as sent or as failed with a reason. In between it waits: a temporary
failure is tried again later, after the channel's own wish (Retry-After) or with growing
pauses. What belongs to one incident stays in order. Where nobody saw how a try ended
(a crash, a dropped connection), a channel that can look is asked first.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from monitor.alerts.base import Channel, Receipt, Reconciles
from monitor.alerts.message import Message
from monitor.errors import DeliveryError

FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=1)
MOST_ATTEMPTS = 54  # with the pauses above: two days

_log = logging.getLogger(__name__)


class State(StrEnum):
    """Where a delivery stands after a run."""

    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one channel, as the outbox keeps it."""

    id: str
    channel: str  # the channel's name in the configuration
    message: Message
    attempts: int = 0  # tries so far
    next_try: dt.datetime | None = None  # not before; None: at once
    ambiguous: bool = False  # an earlier try may have arrived


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did with a delivery, and why."""

    delivery: Delivery
    state: State
    reason: str = ""


class Outbox(Protocol):
    """Where messages wait. Every method is one committed transaction."""

    def pending(self) -> Sequence[Delivery]:
        """Return what is neither sent nor failed, oldest first; a claim without an end comes back as ambiguous."""
        ...

    def claim(self, delivery: Delivery, now: dt.datetime) -> bool:
        """Note that a try begins, and count it. False: another process has it."""
        ...

    def sent(self, delivery: Delivery, receipt: Receipt, now: dt.datetime) -> None:
        """Note that it arrived; its receipt is the incident's root in that channel from now on."""
        ...

    def postpone(self, delivery: Delivery, error: DeliveryError, next_try: dt.datetime) -> None:
        """Note a temporary failure: its reason, whether it is ambiguous, and when to try again."""
        ...

    def failed(self, delivery: Delivery, reason: str, now: dt.datetime) -> None:
        """Note that it will not arrive, and why."""
        ...

    def root(self, incident: str, channel: str) -> Receipt | None:
        """Return the receipt that the channel gave back last for the incident, if it ever did."""
        ...


def deliver(outbox: Outbox, channels: Mapping[str, Channel], now: dt.datetime) -> tuple[Outcome, ...]:
    """Try every due delivery once. A broken channel holds up nobody but itself.

    After a temporary failure the rest of that channel waits for the next run; a message of an
    incident waits for the earlier ones of the same incident.
    """
    outcomes = []
    held: set[tuple[str, str | None]] = set()  # (channel, incident), or (channel, None) for all of it
    for delivery in outbox.pending():
        thread = (delivery.channel, delivery.message.incident)
        if thread in held or (delivery.channel, None) in held:
            continue
        if delivery.next_try and delivery.next_try > now:
            held.add(thread)
            continue
        if not outbox.claim(delivery, now):
            held.add(thread)
            continue
        outcome = _try(outbox, channels.get(delivery.channel), delivery, now)
        if outcome.state is State.WAITING:
            held.add((delivery.channel, None))
        outcomes.append(outcome)
    return tuple(outcomes)


def next_try(attempts: int, now: dt.datetime, retry_after: float | None = None) -> dt.datetime:
    """Return when to try again after `attempts` tries: what the channel asked for, else 1, 2, 4 … 60 minutes.

    >>> next_try(3, dt.datetime(2026, 3, 1, tzinfo=dt.UTC)).isoformat()
    '2026-03-01T00:04:00+00:00'
    """
    if retry_after is not None:
        return now + dt.timedelta(seconds=retry_after)
    pause = FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10))
    return now + min(pause, LONGEST_PAUSE)


def _try(outbox: Outbox, channel: Channel | None, delivery: Delivery, now: dt.datetime) -> Outcome:
    if channel is None:
        return _give_up(outbox, delivery, f"there is no channel {delivery.channel!r} in the configuration", now)
    root = outbox.root(delivery.message.incident, delivery.channel)
    try:
        receipt = _arrived(channel, delivery, root) or channel.send(delivery.message, root)
    except DeliveryError as error:
        return _failed(outbox, delivery, error, now)
    except Exception as error:  # noqa: BLE001  a bug in one channel must not silence the others
        _log.exception("channel %s crashed", delivery.channel)
        crash = DeliveryError(f"the channel crashed ({type(error).__name__})", permanent=False, ambiguous=True)
        return _failed(outbox, delivery, crash, now)
    outbox.sent(delivery, receipt, now)
    return Outcome(delivery, State.SENT)


def _arrived(channel: Channel, delivery: Delivery, root: Receipt | None) -> Receipt | None:
    if not delivery.ambiguous or not isinstance(channel, Reconciles):
        return None
    try:
        return channel.find(delivery.message, root)
    except DeliveryError as error:
        if not error.permanent:
            raise
        _log.warning("cannot look whether %s arrived in %s: %s", delivery.id, delivery.channel, error.reason)
        return None  # told twice is better than never


def _failed(outbox: Outbox, delivery: Delivery, error: DeliveryError, now: dt.datetime) -> Outcome:
    attempts = delivery.attempts + 1
    if error.permanent:
        return _give_up(outbox, delivery, error.reason, now)
    if attempts >= MOST_ATTEMPTS:
        return _give_up(outbox, delivery, f"gave up after {attempts} tries: {error.reason}", now)
    unsure = error.ambiguous or delivery.ambiguous  # a look that failed does not settle an earlier try
    again = DeliveryError(error.reason, permanent=False, ambiguous=unsure)
    outbox.postpone(delivery, again, next_try(attempts, now, error.retry_after))
    return Outcome(delivery, State.WAITING, error.reason)


def _give_up(outbox: Outbox, delivery: Delivery, reason: str, now: dt.datetime) -> Outcome:
    outbox.failed(delivery, reason, now)
    return Outcome(delivery, State.FAILED, reason)
