"""What does an alert say, before any channel decides how to show it?"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """Why a message is sent: the value is the text in log, thread and report."""

    OPENED = "new problem"
    WORSE = "got worse"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    LOCATED = "narrowed down"
    REMINDER = "still open"
    REOPENED = "back again"
    ESCALATED = "nobody has it in hand"
    CHANGED = "changed"  # of a digest: some of its members are not as they were
    RESOLVED = "resolved"
    REPORT = "weekly report"
    TEST = "test message"


class Severity(StrEnum):
    """How much it matters."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `**bold**` is the only markup; everything else is literal text, also from hostile event names."""

    text: str

    def runs(self) -> tuple[tuple[str, bool], ...]:
        """Return the text in pieces, each with whether it is bold.

        >>> Text("**Nothing** came").runs()
        (('Nothing', True), (' came', False))
        """
        pieces = re.split(r"\*\*(.+?)\*\*", self.text)
        return tuple((piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece)


@dataclass(frozen=True, slots=True)
class Facts:
    """Short labelled facts: ("Since", "Mon 14:00")."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short lines, and how many more were left out."""

    lines: tuple[str, ...]
    more: int = 0

    def shown(self) -> tuple[str, ...]:
        """Return the lines as they are shown, the last of which owns up to what was left out.

        >>> Bullets(("a", "b"), more=9998).shown()
        ('a', 'b', '… and 9,998 more')
        """
        return (*self.lines, f"… and {self.more:,} more") if self.more else self.lines


@dataclass(frozen=True, slots=True)
class Link:
    """A place to look further."""

    label: str
    url: str


Block = Text | Facts | Bullets | Link


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of the series with its expected band, and the sentence that replaces it for those who cannot see it."""

    png: bytes
    alt: str
    spark: str = ""  # the same series in one line of block characters, for plain text


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a page shows as `cid:name`, and the words for those who do not see it."""

    __pydantic_config__: ClassVar = {"ser_json_bytes": "base64", "val_json_bytes": "base64"}  # how JSON keeps it

    name: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole document, for channels that can show one; the blocks of its message are a summary for the others."""

    text: str
    html: str
    document: str  # the same as JSON
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell one channel."""

    id: str  # stable: the same message sent again carries the same id
    incident: str  # the thread it belongs to
    reason: Reason
    severity: Severity
    title: str
    summary: str  # one plain sentence: push notification, email preheader, first line under the title
    blocks: tuple[Block, ...]
    at: dt.datetime
    mention: str | None = None  # owner: an email address, a Slack user, group or channel
    chart: Chart | None = None
    page: Page | None = None
    to: str | None = None  # the address of the one person whom it is for; None: all whom the channel reaches

    @property
    def is_of_incident(self) -> bool:
        """Say whether it tells of one incident, which people can do something about; not a test, digest or report."""
        return self.incident.startswith("inc_")

    @property
    def tone(self) -> str:
        """Return how it looks: `resolved` once it is over, else the severity."""
        return "resolved" if self.reason is Reason.RESOLVED else self.severity.value
