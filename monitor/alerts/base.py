"""What does trackwatch ask of a way to tell people?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from monitor.alerts.message import Message


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel gave back for a message: enough to edit it or to reply to it later. JSON-able."""

    data: Mapping[str, str]


class Channel(Protocol):
    """A configured place to tell people. Its frozen dataclass is its configuration."""

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Deliver a message, or raise DeliveryError(permanent=…). Retries over time are the caller's business.

        `root` is the receipt of the incident's first message: with it, the message belongs to
        that thread, and a channel that can edit brings the first message up to date. Return
        the receipt of the incident's root message.
        """
        ...


@runtime_checkable
class Addresses(Protocol):
    """A channel that can tell one person alone: `Message.to`."""

    def reaches(self, address: str) -> bool:
        """Say whether somebody is reached by this address; messages with another `to` are not for this channel."""
        ...


@runtime_checkable
class Wakes(Protocol):
    """A channel that wakes people up: it is told what is wrong, and nothing that is only to be read."""

    wakes: bool


@runtime_checkable
class Reconciles(Protocol):
    """A channel that can be asked whether a message has arrived: for deliveries whose end nobody saw."""

    def find(self, message: Message, root: Receipt | None) -> Receipt | None:
        """Return what `send` would have returned if the message is there, else None. Raises DeliveryError."""
        ...
