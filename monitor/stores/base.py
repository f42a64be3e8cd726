"""What does trackwatch ask of a place that holds events?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from checks.base import Catalog, Measure
from checks.settings import required, setting
from monitor.stores.against import Against
from monitor.stores.own import OwnQuery

if TYPE_CHECKING:
    import pandas as pd

# each a file of `layouts/`; files are a folder of their own
LayoutName = Literal["segment", "rudderstack", "snowplow", "events", "files"]
Window = tuple[dt.datetime, dt.datetime]  # of received_at, half-open
COLUMNS = ("source", "event", "property", "label", "measure", "grain", "bucket", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where events are kept, and how they lie there.

    `columns` maps neutral fields (id, event, source, occurred_at, sent_at, received_at, loaded_at,
    user_id, anonymous_id, properties, app_version) to columns; a value that begins with `=` is a
    constant, such as `event: "=Order Line Added"`.
    """

    url: str = required("where the events are: the URL of a database, or of a folder of files")
    layout: LayoutName = setting("events", "how events lie there")
    sources: Mapping[str, str] = field(default_factory=dict)  # segment, rudderstack: source -> schema
    table: str | None = setting(None, "layout `events`: its table, as `events` or `schema.events`")
    columns: Mapping[str, str] = field(default_factory=dict, metadata={"means": "field: column, where they differ"})
    preset: Literal["amplitude", "mixpanel", "posthog"] | None = setting(
        None, "layout `events`: whose export the table is"
    )
    times: Literal["text", "seconds", "milliseconds", "microseconds"] | None = setting(
        None, "layout `events`: how times are kept, where not as times: ISO 8601, or numbers since 1970"
    )
    dimensions: Mapping[str, str] = field(
        default_factory=dict, metadata={"means": "dimension: column, beside those that the layout knows"}
    )
    views: bool | None = setting(
        None, "layouts `segment`, `rudderstack`: read `x_view` instead of `x`; left out: where the store is BigQuery"
    )
    partition: str | None = setting(
        None, "the column of the day under which rows lie: that of received_at, or a later one"
    )
    syncs: Mapping[str, str] = field(default_factory=dict, metadata={"means": "the store's own history of loads"})
    naive_zone: str = "UTC"  # IANA name: what times without a zone mean
    timeout: float = 300.0  # seconds that one statement may take
    repeat_window: int = 60  # seconds within which the same content under another id is a repeat
    failed: str | None = setting(None, "layout `snowplow`: the table of events that the pipe refused")
    queries: tuple[OwnQuery, ...] = ()  # that users wrote; from the block `custom`
    against: tuple[Against, ...] = ()  # what is compared with tables elsewhere; from the block `parity`


@dataclass(frozen=True, slots=True)
class Request:
    """All that one run wants measured, over received_at in [since, until)."""

    measures: tuple[Measure, ...]
    since: dt.datetime  # aware, UTC
    until: dt.datetime
    zone: str  # IANA name: in which days and hours are cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a statement would cost, as the store itself says without running it."""

    rows: float | None = None  # that are read, summed over the scans of the statement
    bytes: float | None = None
    cost: float | None = None  # in the planner's own unit


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement that a run would issue, with its values bound in, for people to read."""

    table: str
    sql: str
    estimate: Estimate | None = None  # None: not asked for, or the store gives none
    apart: str = ""  # why it is no part of a table's one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What rows are wanted: received in [since, until), of some events (none: of all), in one place."""

    since: dt.datetime
    until: dt.datetime
    events: tuple[str, ...] = ()
    source: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)  # dimension -> value
    empty: str | None = None  # a property that they lack


@dataclass(frozen=True, slots=True)
class TableFailure:
    """A table that could not be read while the rest of the store could."""

    table: str
    events: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The answer to a request.

    `frame` has the columns COLUMNS: source, event, property and label are text (property and label
    are "" where the measure has none), measure is `Measure.name()`, grain is hour or day, bucket is the UTC
    start of the bucket as datetime64[s], value is float64. Rows with value 0 may be left out,
    but for `rows`, which is there for each (source, event, bucket) with at least one message.
    """

    frame: pd.DataFrame
    statements: int
    rows: int  # messages read
    failures: tuple[TableFailure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTable:
    """A table that holds events, as people who write queries see it."""

    table: tuple[str, str]  # schema and name
    event: str | None  # None: a column says which event a row is
    source: str | None  # None: a column says it
    columns: tuple[str, ...]
    properties: Mapping[str, str] = field(default_factory=dict)  # property -> column
    bag: str | None = None  # column of a JSON object that holds the properties that have no column


@dataclass(frozen=True, slots=True)
class Size:
    """How many bytes the messages of an event take, or one property of them, in one table."""

    event: str
    property: str | None
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lore:
    """What people ask of a store."""

    dialect: str  # of the SQL, as sqlglot calls it
    tables: tuple[PublicTable, ...] = ()
    views: tuple[tuple[str, str], ...] = ()  # schema.name, and the query or the statement that makes it
    queries: tuple[str, ...] = ()  # from the store's own history


class Store(Protocol):
    """A place that holds events. Read-only; at most two connections; every statement is bounded in time."""

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events, sources and properties that the store has. Raise StoreError when it does not answer.

        `window` is what will be measured next: a store that would have to open files for it need not look further.
        """
        ...

    def measure(self, request: Request) -> Measured:
        """Measure everything in one statement per table.

        Raise StoreError when the store does not answer; a single unreadable table is a
        `TableFailure` in the answer. Never return part of a bucket as if it were whole.
        """
        ...

    def statements(self, request: Request, *, estimated: bool = False) -> Sequence[Statement]:
        """Return the SQL that `measure` would issue, without issuing it; `estimated` asks the store what it costs."""
        ...

    def lore(self, since: dt.datetime | None) -> Lore:
        """Return the views, and the statements that people have sent since a time; None: those are not wanted.

        Raise StoreError when the store does not answer, or keeps no history that this user may read.
        """
        ...

    def sizes(self) -> Sequence[Size]:
        """Return the bytes of events and properties, as far as the store says so without reading them."""
        ...

    def marking(self, marks: Marks) -> Sequence[Statement]:
        """Return the SQL that picks out some rows, for people to run; only the catalogue is read."""
        ...

    def stop(self) -> None:
        """Take back what is being asked, from another thread: whoever waits for it gets a StoppedError."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
