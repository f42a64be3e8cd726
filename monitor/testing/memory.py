"""What stands in for a channel and for the outbox, in memory?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.alerts.base import Receipt
from monitor.alerts.deliver import Delivery, together
from monitor.alerts.message import Bullets, Facts, Link, Message, Reason, Severity, Text
from monitor.errors import DeliveryError


@dataclass(slots=True)
class Recorder:
    """A channel that keeps what it is given; `errors` are raised first, one a try (None: no error)."""

    errors: list[Exception | None] = field(default_factory=list)
    sent: list[tuple[Message, Receipt | None]] = field(default_factory=list)

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Keep the message and the root it came with."""
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.sent.append((message, root))
        return root or Receipt({"message": message.id})


@dataclass(slots=True)
class MemoryOutbox:
    """An outbox in memory. `taken` are the ids of deliveries that another process has claimed."""

    deliveries: dict[str, Delivery] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)  # delivery id -> "sent", or why it failed
    roots: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # delivery id -> the digest that tells of it
    taken: set[str] = field(default_factory=set)
    _begun: set[str] = field(default_factory=set)

    def add(self, message: Message, *channels: str) -> None:
        """Put a message in for each channel."""
        for channel in channels:
            delivery = Delivery(id=f"{message.id}:{channel}", channel=channel, message=message)
            self.deliveries[delivery.id] = delivery

    def pending(self) -> tuple[Delivery, ...]:
        """Return what has no end yet; what was begun and never ended is ambiguous."""
        waiting = (d for d in self.deliveries.values() if d.id not in self.ends)
        return tuple(replace(d, ambiguous=True) if d.id in self._begun else d for d in waiting)

    def claim(self, delivery: Delivery, now: dt.datetime) -> bool:
        """Begin a try, unless another process has it."""
        if delivery.id in self.taken:
            return False
        self._begun.add(delivery.id)
        return True

    def sent(self, delivery: Delivery, receipt: Receipt, now: dt.datetime) -> None:
        """End a delivery well."""
        self._end(delivery, "sent")
        self.roots[delivery.message.incident, delivery.channel] = receipt

    def postpone(self, delivery: Delivery, error: DeliveryError, next_try: dt.datetime) -> None:
        """Count the try and wait."""
        self._begun.discard(delivery.id)
        self.deliveries[delivery.id] = replace(
            delivery, attempts=delivery.attempts + 1, next_try=next_try, ambiguous=error.ambiguous
        )

    def failed(self, delivery: Delivery, reason: str, now: dt.datetime) -> None:
        """End a delivery badly."""
        self._end(delivery, reason)

    def rest(self, channel: str, until: dt.datetime) -> None:
        """Let all that waits for a channel wait."""
        for each in self.pending():
            if each.channel == channel and (each.next_try is None or each.next_try < until):
                self.deliveries[each.id] = replace(self.deliveries[each.id], next_try=until)

    def threads(self, channel: str, incidents: Sequence[str]) -> Mapping[str, str | None]:
        """Return who was told of, and in which digest."""
        told = (d for d in self.deliveries.values() if self.ends.get(d.id) == "sent" or d.id in self.digests)
        found = {d.message.incident: self.digests.get(d.id) for d in told if d.channel == channel}
        return {incident: name for incident, name in found.items() if incident in incidents}

    def told_in(self, name: str, channel: str) -> Sequence[Message]:
        """Return what a digest tells of."""
        members = (self.deliveries[key] for key, digest in self.digests.items() if digest == name)
        return [each.message for each in members if each.channel == channel]

    def suppress(self, overtaken: Sequence[Delivery], reason: str, now: dt.datetime) -> bool:
        """End what will not be sent, unless another process has claimed one."""
        if any(each.id in self.taken for each in overtaken):
            return False
        for each in overtaken:
            self._end(each, reason)
        return True

    def gather(self, whole: Delivery, members: Sequence[Delivery], now: dt.datetime) -> bool:
        """Put one in the place of several, unless another process has claimed one."""
        if any(each.id in self.taken for each in members):
            return False
        for each in members:
            self._end(each, together(whole.message.incident))
            self.digests[each.id] = whole.message.incident
        self.deliveries[whole.id] = whole
        return True

    def root(self, incident: str, channel: str) -> Receipt | None:
        """Return the receipt that the channel gave back last for the incident."""
        return self.roots.get((incident, channel))

    def _end(self, delivery: Delivery, end: str) -> None:
        self._begun.discard(delivery.id)
        self.ends[delivery.id] = end


def example(**changes: Any) -> Message:
    """Return an alert as they are: an event that stopped on one source. `changes` replace fields."""
    alert = Message(
        id="inc_1.1",
        incident="inc_1",
        reason=Reason.OPENED,
        severity=Severity.CRITICAL,
        title="Order Completed stopped on ios",
        summary="No Order Completed from ios since Mon 14:00; 410 to 552 an hour were expected.",
        blocks=(
            Facts((("Since", "Mon 2 Mar, 14:00"), ("Observed", "0"), ("Expected", "2,610 to 3,170"))),
            Text("**Endangers:** What drives conversion from product view to purchase?"),
            Text("**What to do next**"),
            Bullets(("Compare app 5.2.1 with 5.2.0.", "Look whether orders reach the server.")),
            Link("Open the incident", "https://trackwatch.example/incidents/inc_1"),
        ),
        at=dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC),
        mention="checkout@acme.example",
    )
    return replace(alert, **changes)


def resolved(**changes: Any) -> Message:
    """Return the end of the same incident."""
    end = {"id": "inc_1.2", "reason": Reason.RESOLVED, "title": "Resolved after 9 h: Order Completed stopped on ios"}
    return example(**{**end, **changes})
