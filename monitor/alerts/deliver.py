"""How does each waiting message reach its channel once, and what becomes of those that cannot?

Every delivery ends as sent, suppressed or failed, with a reason. In between it waits: a
temporary failure is tried again later, after the channel's own wish (Retry-After) or with
growing pauses. What belongs to one incident stays in order. Where nobody saw how a try ended
(a crash, a dropped connection), a channel that can look is asked first. Many new problems at
once become one message, and what changes about them later is told in its thread. Of what
waited for long (a channel that was away, quiet hours) only the newest of an incident is told.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from monitor.alerts import digest
from monitor.alerts.base import Channel, Receipt, Reconciles
from monitor.alerts.message import Message
from monitor.alerts.pace import Paced
from monitor.errors import DeliveryError

FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=1)
OVERTAKEN = "something newer of the same incident was to be told by then"
UNSURE = "sent again under the same id: an earlier try may have arrived"

_log = logging.getLogger(__name__)


class State(StrEnum):
    """Where a delivery stands after a run."""

    SENT = "sent"
    WAITING = "waiting"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Policy:
    """How much is told at once, and for how long it is tried."""

    digest_above: int = 5  # new problems for one channel in one run; more of them become one message
    give_up: dt.timedelta = dt.timedelta(days=2)
    pages: str | None = None  # the address of the web pages, which a digest links to


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one channel, as the outbox keeps it."""

    id: str
    channel: str  # the channel's name in the configuration
    message: Message
    attempts: int = 0  # tries so far
    next_try: dt.datetime | None = None  # not before; None: at once
    ambiguous: bool = False  # an earlier try may have arrived
    suppressed: str = ""  # why it is only noted and never sent; empty: it is sent


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
        """Note that it arrived, `ambiguous` if perhaps twice; its receipt is the incident's root from now on."""
        ...

    def postpone(self, delivery: Delivery, error: DeliveryError, next_try: dt.datetime) -> None:
        """Note a temporary failure: its reason, whether it is ambiguous, and when to try again."""
        ...

    def failed(self, delivery: Delivery, reason: str, now: dt.datetime) -> None:
        """Note that it will not arrive, and why."""
        ...

    def rest(self, channel: str, until: dt.datetime) -> None:
        """Let everything that waits for a channel wait until then, as the channel asked."""
        ...

    def threads(self, channel: str, incidents: Sequence[str]) -> Mapping[str, str | None]:
        """Return the incidents that a channel was told of, each with the digest that it was told in, if any."""
        ...

    def told_in(self, name: str, channel: str) -> Sequence[Message]:
        """Return all messages that were told in a digest, oldest first."""
        ...

    def suppress(self, overtaken: Sequence[Delivery], reason: str, now: dt.datetime) -> bool:
        """Note that some will not be sent, and why. False: another process has one of them; nothing is changed."""
        ...

    def gather(self, whole: Delivery, members: Sequence[Delivery], now: dt.datetime) -> bool:
        """Put one delivery in the place of several, which end as suppressed. False: another process has some."""
        ...

    def root(self, incident: str, channel: str) -> Receipt | None:
        """Return the receipt that the channel gave back last for the incident, if it ever did."""
        ...


def deliver(
    outbox: Outbox, channels: Mapping[str, Channel], now: dt.datetime, policy: Policy = Policy()
) -> tuple[Outcome, ...]:
    """Try every due delivery once. A broken channel holds up nobody but itself.

    After a temporary failure the rest of that channel waits for the next run; a message of an
    incident waits for the earlier ones of the same incident.
    """
    gathered = gather(outbox, now, policy)
    _begin(channels)
    outcomes = []
    held: set[tuple[str, str | None]] = set()  # (channel, incident), or (channel, None) for all of it
    for delivery in outbox.pending():
        thread = (delivery.channel, delivery.message.incident)
        if thread in held or (delivery.channel, None) in held:
            continue
        if not _is_due(delivery, now):
            held.add(thread)
            continue
        if not _has_turn(channels.get(delivery.channel)):
            held.add((delivery.channel, None))
            continue
        if not outbox.claim(delivery, now):
            held.add(thread)
            continue
        outcome = _try(outbox, channels.get(delivery.channel), delivery, now, policy)
        if outcome.state is State.WAITING:
            held.add((delivery.channel, None))
        outcomes.append(outcome)
    return (*gathered, *outcomes)


def gather(outbox: Outbox, now: dt.datetime, policy: Policy = Policy()) -> tuple[Outcome, ...]:
    """Put digests in the place of what is better told together.

    That is: more new problems for one channel than the policy bears, and all changes of
    incidents that were told in a digest before. Of each incident only the newest is told.
    What was tried and may have arrived stays.
    """
    outcomes: list[Outcome] = []
    for channel, waiting in _by_channel(outbox.pending()).items():
        free, overtaken = _newest(_free(waiting, now))
        if overtaken and outbox.suppress(overtaken, OVERTAKEN, now):
            outcomes += [Outcome(each, State.SUPPRESSED, OVERTAKEN) for each in overtaken]
        known = outbox.threads(channel, [each.message.incident for each in free]) if free else {}
        for name, members in _bundles(free, known, policy.digest_above):
            outcomes += _gather(outbox, name, members, now, policy)
    return tuple(outcomes)


def _by_channel(pending: Sequence[Delivery]) -> Mapping[str, list[Delivery]]:
    by_channel: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in pending:
        by_channel[delivery.channel].append(delivery)
    return by_channel


def _free(waiting: Sequence[Delivery], now: dt.datetime) -> list[Delivery]:
    """Return what may still be told together: all of an incident is due, and none of it may have arrived."""
    bound = {each.message.incident for each in waiting if each.ambiguous or not _is_due(each, now)}
    return [each for each in waiting if each.message.is_of_incident and each.message.incident not in bound]


def _newest(free: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """Return the newest delivery of each incident, and those that it overtakes."""
    newest = {each.message.incident: each for each in free}  # in the order in which they were made
    kept = {each.id for each in newest.values()}
    return list(newest.values()), [each for each in free if each.id not in kept]


def _bundles(
    free: Sequence[Delivery], known: Mapping[str, str | None], most: int
) -> Iterator[tuple[str, list[Delivery]]]:
    """Yield the id of each digest that is due, with what it tells anew."""
    changed: dict[str, list[Delivery]] = defaultdict(list)
    for each in free:
        if name := known.get(each.message.incident):
            changed[name].append(each)
    yield from changed.items()
    new = [each for each in free if each.message.incident not in known]
    if len({each.message.incident for each in new}) > most:
        yield digest.digest_id([each.id for each in new]), new


def _gather(outbox: Outbox, name: str, members: Sequence[Delivery], now: dt.datetime, policy: Policy) -> list[Outcome]:
    channel = members[0].channel
    before = outbox.told_in(name, channel)
    changes = [each.message for each in members]
    message = digest.compose(name, [*before, *changes], changes, first=not before, pages=policy.pages)
    whole = Delivery(id=f"{message.id}-{channel}", channel=channel, message=message)
    if not outbox.gather(whole, members, now):
        return []
    return [Outcome(each, State.SUPPRESSED, together(name)) for each in members]


def together(name: str) -> str:
    """Return why a message was not sent by itself."""
    return f"told together with others in {name}"


def _is_due(delivery: Delivery, now: dt.datetime) -> bool:
    return delivery.next_try is None or delivery.next_try <= now


def _begin(channels: Mapping[str, Channel]) -> None:
    for channel in channels.values():
        if isinstance(channel, Paced):
            channel.turns.begin()


def _has_turn(channel: Channel | None) -> bool:
    return channel.turns.turn() if isinstance(channel, Paced) else True


def next_try(attempts: int, now: dt.datetime, retry_after: float | None = None) -> dt.datetime:
    """Return when to try again after `attempts` tries: what the channel asked for, else 1, 2, 4 … 60 minutes.

    >>> next_try(3, dt.datetime(2026, 3, 1, tzinfo=dt.UTC)).isoformat()
    '2026-03-01T00:04:00+00:00'
    """
    if retry_after is not None:
        return now + dt.timedelta(seconds=retry_after)
    pause = FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10))
    return now + min(pause, LONGEST_PAUSE)


def _try(outbox: Outbox, channel: Channel | None, delivery: Delivery, now: dt.datetime, policy: Policy) -> Outcome:
    if channel is None:
        return _give_up(outbox, delivery, f"there is no channel {delivery.channel!r} in the configuration", now)
    root = outbox.root(delivery.message.incident, delivery.channel)
    try:
        delivery, receipt = _looked_for(channel, delivery, root)
        receipt = receipt or channel.send(delivery.message, root)
    except DeliveryError as error:
        return _failed(outbox, delivery, error, now, policy)
    except Exception as error:  # noqa: BLE001  a bug in one channel must not silence the others
        _log.exception("channel %s crashed", delivery.channel)
        crash = DeliveryError(f"the channel crashed ({type(error).__name__})", permanent=False, ambiguous=True)
        return _failed(outbox, delivery, crash, now, policy)
    outbox.sent(delivery, receipt, now)
    return Outcome(delivery, State.SENT, UNSURE if delivery.ambiguous else "")


def _looked_for(channel: Channel, delivery: Delivery, root: Receipt | None) -> tuple[Delivery, Receipt | None]:
    """Ask the channel whether an earlier try has arrived: if it can tell, that is not ambiguous any more."""
    if not delivery.ambiguous or not isinstance(channel, Reconciles):
        return delivery, None
    try:
        receipt = channel.find(delivery.message, root)
    except DeliveryError as error:
        if not error.permanent:
            raise
        _log.warning("cannot look whether %s arrived in %s: %s", delivery.id, delivery.channel, error.reason)
        return delivery, None  # told twice is better than never
    return replace(delivery, ambiguous=False), receipt


def _failed(outbox: Outbox, delivery: Delivery, error: DeliveryError, now: dt.datetime, policy: Policy) -> Outcome:
    if error.permanent:
        return _give_up(outbox, delivery, error.reason, now)
    attempts = delivery.attempts + 1
    if attempts > 1 and now - delivery.message.at >= policy.give_up:
        return _give_up(outbox, delivery, f"gave up after {attempts} tries: {error.reason}", now)
    unsure = error.ambiguous or delivery.ambiguous  # a look that failed does not settle an earlier try
    again = DeliveryError(error.reason, permanent=False, ambiguous=unsure)
    then = next_try(attempts, now, error.retry_after)
    outbox.postpone(delivery, again, then)
    if error.retry_after is not None:
        outbox.rest(delivery.channel, then)
    return Outcome(delivery, State.WAITING, error.reason)


def _give_up(outbox: Outbox, delivery: Delivery, reason: str, now: dt.datetime) -> Outcome:
    outbox.failed(delivery, reason, now)
    return Outcome(delivery, State.FAILED, reason)
