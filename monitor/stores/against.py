"""Which table elsewhere knows of the same things as the events, and should agree with them?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ROLES: Mapping[str, str] = {"ledger": "table_mismatch", "destination": "destination"}  # role -> kind of finding
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A table to compare events with: a ledger, which is the truth, or what reached a destination.

    Either it holds one event, or a column of it names them. With a key, what each side lacks is
    counted exactly; without one, rows are compared by event and day.
    """

    name: str
    table: str  # "schema.table", or of the default schema
    time: str  # column: when a row came to be
    role: Literal["ledger", "destination"] = "ledger"
    url: str | None = None  # None: it lies in the store of the events
    event: str | None = None  # which event its rows are
    events: str | None = None  # or the column that says so, in the plan's words
    key: str | None = None  # column
    ours: str | None = None  # property of the event that holds the same key; None: the plan's key property
    sources: tuple[str, ...] = ()  # whose messages are meant; none: the authoritative ones, or else all
    where: Mapping[str, str] = field(default_factory=dict)  # column -> value: only such rows
    wait: dt.timedelta = dt.timedelta(hours=1)  # how much later than the one side the other may have it
    sample: float = 1.0  # share of the keys that is compared, chosen by their hash
    naive_zone: str = "UTC"

    @property
    def label(self) -> str:
        """Return what its series are called: kind, name, and by how many days they are put off."""
        days = 0 if self.key else -(-self.wait // DAY)
        return f"{ROLES[self.role]}:{self.name}" + (f"+{days}" if days else "")
