"""What stands in for an event store: hourly counts in memory, which a test may change between runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from checks.base import Catalog
from checks.bins import SECONDS
from monitor.errors import StoreError
from monitor.stores.base import COLUMNS, Lore, Marks, Measured, Request, Size, Statement, TableFailure, Window

HOUR = dt.timedelta(hours=1)


@dataclass(slots=True)
class CountStore:
    """Events as counts by hour: `counts[source, event][i]` messages in the i-th hour from `start`.

    Only `rows` and the newest `received_at` are measured, and `loaded_at` of the sources in
    `loads`: every so often all that is over is loaded, until `stuck`. `down` makes the store
    refuse, and `failures` makes single tables unreadable, as a real store would.
    """

    start: dt.datetime
    counts: Mapping[tuple[str, str], Sequence[float]]
    down: str | None = None
    failures: tuple[TableFailure, ...] = ()
    asked: list[Request] = field(default_factory=list)
    loads: Mapping[str, dt.timedelta] = field(default_factory=dict)  # source -> time between two loads
    stuck: dict[str, dt.datetime] = field(default_factory=dict)  # source -> when its last load came

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

    def lore(self, since: dt.datetime | None) -> Lore:
        """Return nothing: nobody asks it."""
        return Lore(dialect="duckdb")

    def sizes(self) -> Sequence[Size]:
        """Return nothing: it takes no room."""
        return ()

    def marking(self, marks: Marks) -> Sequence[Statement]:
        """Return one made-up query."""
        return [Statement("events", f"-- rows of {', '.join(marks.events)}")]

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
        lags: dict[tuple[dt.datetime, str], float] = {}
        for i, value in enumerate(self.counts[key]):
            at = self.start + i * HOUR
            loaded = self._loaded(source, at + HOUR, request.until)
            if value and request.since <= at < request.until and (loaded or source not in self.loads):
                day = at.replace(hour=0)
                days[day] = days.get(day, 0.0) + value
                newest = (at + HOUR).timestamp() - 1
                rows.append((source, event, "", "", "rows", "hour", at, value))
                rows.append((source, event, "", "", "received", "hour", at, newest))
                if loaded:
                    rows.append((source, event, "", "", "loaded", "hour", at, loaded.timestamp()))
                    lag = SECONDS.label(SECONDS.number((loaded - at - HOUR / 2).total_seconds()) or 0)
                    lags[day, lag] = lags.get((day, lag), 0.0) + value
        rows += [(source, event, "", lag, "lags", "day", day, value) for (day, lag), value in lags.items()]
        return rows + [(source, event, "", "", "rows", "day", day, value) for day, value in days.items()]

    def _loaded(self, source: str, end: dt.datetime, now: dt.datetime) -> dt.datetime | None:
        """Return when an hour was loaded, of a source that is loaded now and then; None: not yet."""
        if source not in self.loads:
            return None
        every = self.loads[source]
        at = self.start - (self.start - end) // every * every
        if source in self.stuck and at > self.stuck[source]:
            at = dt.datetime.max.replace(tzinfo=dt.UTC)
        return at if at <= now else None
