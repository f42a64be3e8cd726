"""What stands in for an event store: hourly counts in memory, which a test may change between runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from checks.base import Catalog
from monitor.errors import StoreError
from monitor.stores.base import COLUMNS, Measured, Request, Statement, TableFailure, Window

HOUR = dt.timedelta(hours=1)


@dataclass(slots=True)
class CountStore:
    """Events as counts by hour: `counts[source, event][i]` messages in the i-th hour from `start`.

    Only `rows` and the newest `received_at` are measured. `down` makes the store refuse, and
    `failures` makes single tables unreadable, as a real store would.
    """

    start: dt.datetime
    counts: Mapping[tuple[str, str], Sequence[float]]
    down: str | None = None
    failures: tuple[TableFailure, ...] = ()
    asked: list[Request] = field(default_factory=list)

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events that have counts."""
        self._answer()
        sources: dict[str, set[str]] = {}
        for source, event in self.counts:
            sources.setdefault(event, set()).add(source)
        return Catalog({event: frozenset(found) for event, found in sources.items()})

    def measure(self, request: Request) -> Measured:
        """Return the counts of the asked stretch, by hour and by UTC day."""
        self._answer()
        self.asked.append(request)
        unreadable = {event for failure in self.failures for event in failure.events}
        rows = [row for key in self.counts if key[1] not in unreadable for row in self._rows(key, request)]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        frame["bucket"] = pd.to_datetime(frame["bucket"], utc=True).dt.tz_localize(None).astype("datetime64[s]")
        hourly = frame[(frame["measure"] == "rows") & (frame["grain"] == "hour")]
        return Measured(frame, len(self.counts), int(hourly["value"].sum()), self.failures)

    def statements(self, request: Request, *, estimated: bool = False) -> Sequence[Statement]:
        """Return one made-up statement per series."""
        return [Statement(f"{source}.{event}", f"-- since {request.since}") for source, event in self.counts]

    def stop(self) -> None:
        """Do nothing: nothing takes long."""

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _answer(self) -> None:
        if self.down:
            raise StoreError(self.down)

    def _rows(self, key: tuple[str, str], request: Request) -> list[tuple[object, ...]]:
        source, event = key
        rows: list[tuple[object, ...]] = []
        days: dict[dt.datetime, float] = {}
        for i, value in enumerate(self.counts[key]):
            at = self.start + i * HOUR
            if value and request.since <= at < request.until:
                day = at.replace(hour=0)
                days[day] = days.get(day, 0.0) + value
                newest = (at + HOUR).timestamp() - 1
                rows.append((source, event, "", "", "rows", "hour", at, value))
                rows.append((source, event, "", "", "received", "hour", at, newest))
        return rows + [(source, event, "", "", "rows", "day", day, value) for day, value in days.items()]
