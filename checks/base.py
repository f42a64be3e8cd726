"""What does a check see, and what does it return?

A check says what must be measured (`measures`), and judges what was measured
(`judge`). It is pure: no clock, no I/O, no database. It yields a finding for *every*
test that it makes, also the healthy ones; only `monitor.decide` chooses what is a
problem, because error control needs all p-values.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from checks.plan import Plan

Grain = Literal["hour", "day"]
Floats = NDArray[np.float64]

EVERY = "*"  # every property that the store has
PAIRED = "␟"  # between two dimensions, or their values, that are counted together: browser␟country


class Stat(StrEnum):
    """A statistic that a store can count in a bucket: of messages, or of one property (or EVERY) of an event.

    DISTINCT costs the most: ask for it by day (by hour it is not answered), and only where it is judged. SIZES,
    DELAYS and LAGS are histograms over the fixed grids of `checks.bins`: a row for each bin that is not empty,
    `float(label)` is its lower bound. `Measure(Stat.ROWS, by="app_version")` counts the messages of each value
    of a dimension: the 50 most frequent of a bucket, "(other)", and "(none)". What a store has no column for
    is not answered.
    """

    ROWS = "rows"  # messages
    IDS = "ids"  # rows that carry a message id
    SURPLUS = "surplus"  # rows beyond the first of the same message id (of the same content, where no id exists)
    REPEATS = (
        "repeats"  # rows beyond the first of the same user, event and content, under another id, within the window
    )
    NULLS = "nulls"  # rows without a value of the property
    MISTYPED = "mistyped"  # values that are not of the rule's type
    OUTSIDE = "outside"  # values that the rule (enum, pattern, range) does not allow
    FINGERPRINT = "fingerprint"  # hash of the one value of the bucket; -1 when there are several; absent when none
    CHECKSUM = "checksum"  # sum of a hash of each value: the same for properties that have the same values
    DISTINCT = "distinct"  # about how many different values a property has (within a third, mostly 15 %); not additive
    LOWEST = "lowest"  # smallest finite number of a property; not additive
    HIGHEST = "highest"  # largest finite number of a property; not additive
    SIZES = "sizes"  # numbers of a property by size; the label is the bin
    EMAILS = "emails"  # texts of a property that hold an email address
    PHONES = "phones"  # texts that are a phone number
    CARDS = "cards"  # texts that are the number of a payment card: issuer, length and check digit are right
    UNCHECKED = "unchecked"  # texts that would be one, but for the check digit
    NATIONAL_IDS = "national_ids"  # texts that are a person's number with a state
    NUMBERS = "numbers"  # texts that spell a number; in JSON, values that are one; so are the next three
    BOOLEANS = "booleans"
    TIMES = "times"  # texts that spell a day or a time, as ISO 8601 has it; in JSON too
    NESTED = "nested"  # objects and arrays
    DUE = "due"  # rows in which the rule says that the property must be there; OUTSIDE counts those without it
    VALUES = "values"  # rows by value of a property: the label is its hash, of the 20 most frequent of a bucket
    SKEWS = "skews"  # rows by seconds from sent_at to received_at; the label is the bin
    CROWDS = "crowds"  # rows by how many users their device has in the bucket; the label is the bin
    SPREADS = "spreads"  # rows by how many devices their user has in the bucket; the label is the bin
    DELAYS = "delays"  # rows by seconds from occurred_at to received_at; the label is the bin
    LAGS = "lags"  # rows by seconds from received_at to loaded_at; the label is the bin
    RECEIVED = "received"  # newest received_at, seconds since 1970
    LOADED = "loaded"  # newest loaded_at, seconds since 1970
    UNPRECEDED = "unpreceded"  # rows without one of the rule's event before them, of the same person; the label is it
    KEYS = "keys"  # keys of an event here, of those that are compared with another side; the label says with which
    UNMATCHED = "unmatched"  # of these, the keys that the other side lacks
    THERE = "there"  # keys of the event on the other side; rows, where it is compared by counts
    UNKNOWN = "unknown"  # of these, the keys that are lacking here
    VERDICTS = "verdicts"  # messages that the pipe itself calls wrong; the label says where it does
    MEMBERS = "members"  # rows of each value of a text; the label is the value: no check asks for it
    FORMS = "forms"  # rows of each form of a text, such as email or uuid; the label is the form
    CUSTOM = "custom"  # what a query of the configuration returns; the label is its name; not additive
    SYNCED = "synced"  # end of a load, seconds since 1970, where the store keeps a history of loads; not asked for


# of two buckets together they are not the sum of both
NOT_ADDITIVE = frozenset(
    str(stat)
    for stat in (
        *(Stat.FINGERPRINT, Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST, Stat.RECEIVED, Stat.LOADED),
        Stat.CUSTOM,
    )
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value is held against."""

    kind: Literal["type", "enum", "pattern", "format", "range", "length", "when", "after"]
    value: tuple[Any, ...]
    """("integer",) | the members | (regex,) | (min or None, max or None) | pairs of a property and its values, all of
    which a message must have for the property to be due | (event, seconds)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A request for one statistic, of one event (None: of every event), by bucket and source."""

    stat: Stat
    event: str | None = None
    property: str | None = None  # EVERY: of every property that the store has
    rule: Rule | None = None
    grain: Grain = "day"
    by: str | None = None  # a dimension, such as app_version, or two: rows for each of its values, which are the labels

    def name(self) -> str:
        """Return the name under which history keeps it, such as `outside.range` or `rows.app_version`."""
        detail = self.rule.kind if self.rule else self.by
        return f"{self.stat}.{detail}" if detail else str(self.stat)


@dataclass(frozen=True, slots=True)
class Field:
    """A property of an event as the store has it. `type` is the store's own, translated."""

    event: str
    source: str
    property: str
    type: str


@dataclass(frozen=True, slots=True)
class Altered:
    """A change of what the store has for an event: found at `at`, and not there when it was looked at last."""

    event: str
    source: str
    text: str
    since: dt.datetime
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """What of a store anybody reads, as far as queries were seen."""

    queries: int  # texts that could be read
    events: frozenset[str]  # whose messages something reads
    properties: frozenset[tuple[str, str]]  # (event, property)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the store holds, as introspected: events by source, and their properties."""

    events: Mapping[str, frozenset[str]]  # event -> sources that have a place for it
    fields: tuple[Field, ...] = ()
    has_ids: bool = True
    usage: Usage | None = None  # None: nobody said where queries lie
    sampled: bool = False  # fields are those of the newest rows, not columns: what is rare comes and goes
    altered: tuple[Altered, ...] = ()  # what changed of all this, the newest last

    def properties(self, event: str) -> frozenset[str]:
        """Return the properties that the store has for an event, over all sources."""
        return frozenset(f.property for f in self.fields if f.event == event)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A half-open stretch of received_at, in UTC."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a series is about. `source` None: all sources together."""

    event: str
    source: str | None = None
    property: str | None = None
    label: str | None = None  # a value of a dimension, or a bin of a histogram

    def __str__(self) -> str:
        """Return the key as people say it."""
        name = f"{self.event}.{self.property}" if self.property else self.event
        name = f"{name} ({self.label})" if self.label else name
        return f"{name} on {self.source}" if self.source else name


@dataclass(frozen=True, slots=True)
class Calendar:
    """The full spine of buckets in the store's business time zone: no bucket is missing."""

    grain: Grain
    starts: NDArray[np.datetime64]  # [N + 1] UTC, seconds; the last one ends the last bucket
    slot: NDArray[np.int64]  # [N] hour of week 0..167 (day of week 0..6 on daily data), local
    day: NDArray[np.int64]  # [N] number of the local day, from 0
    holiday: NDArray[np.bool_]  # [N] declared holidays and exclusion windows: never judged, never learned from

    def __len__(self) -> int:
        """Return the number of buckets."""
        return len(self.slot)

    def bucket(self, index: int) -> Bucket:
        """Return one bucket as a pair of aware UTC datetimes."""
        start, end = (as_datetime(self.starts[i]) for i in (index, index + 1))
        return Bucket(start, end)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Table:
    """The series of one measure over the spine: `values[i, j]` is key i in bucket j.

    NaN: not known, that is before the event was first seen, or not complete yet.
    A bucket without rows after that is a zero.
    """

    measure: str
    calendar: Calendar
    keys: tuple[Key, ...]
    values: Floats  # [keys, buckets]
    usable: NDArray[np.bool_]  # [keys, buckets] may be learned from: known, outside incidents and exclusion windows
    cut: int  # buckets before it are the past; from it on they are under judgement

    def only(self, wanted: Callable[[Key], bool]) -> Table:
        """Return the same table with only the wanted keys."""
        rows = [i for i, key in enumerate(self.keys) if wanted(key)]
        keys = tuple(self.keys[i] for i in rows)
        return Table(self.measure, self.calendar, keys, self.values[rows], self.usable[rows], self.cut)


class Profile(Protocol):
    """All that was measured: what a check judges."""

    @property
    def catalog(self) -> Catalog:
        """Return what the store has."""
        ...

    @property
    def window(self) -> Bucket:
        """Return what is under judgement: the buckets that end in (start, end]."""
        ...

    def table(self, measure: str, grain: Grain, property: str | None = None) -> Table:  # noqa: A002 the field's word
        """Return the series of a measure: by (event, source), and by event where it has several sources.

        Rows come with `property` None; every other measure is asked for by property, or
        with EVERY for all of them. A measure with labels has a series for each label.
        """
        ...

    def first_seen(self, event: str, source: str | None = None) -> dt.datetime | None:
        """Return the start of the first bucket in which the event was ever seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one test.

    `p_value` is the chance of something at least as far from expectation when nothing is
    wrong, calibrated; None when a rule of the plan is broken (no statistics involved).
    """

    check: str = ""  # stamped by @check
    kind: str
    event: str | None = None
    property: str | None = None
    source: str | None = None
    beside: tuple[str, ...] = ()  # sources that it depends on beside its own
    slice: tuple[tuple[str, str], ...] = ()  # dimension and value, where it is about a part of the messages
    bucket: Bucket | None = None
    since: dt.datetime | None = (
        None  # start of the stretch that the test is about, where that is longer than the bucket
    )
    observed: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    effect: float | None = None  # relative: -0.975 is 97.5 % below expectation; for rates, the difference in share
    effect_low: float | None = None  # 95 % interval of the effect, where it is known
    effect_high: float | None = None
    relevant: bool = True  # at least the minimum effect: an irrelevant finding is never a problem
    settled: bool | None = None  # the newest data alone are as expected, so the incident is over; None: ask the p-value
    rows: float = 0.0  # messages lost, in excess, or damaged
    text: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The series that an alert shows: what was observed, beside what was expected."""

    grain: Grain
    starts: NDArray[np.datetime64]
    observed: Floats
    expected: Floats
    low: Floats
    high: Floats
    unit: str = "events"
    bad_from: int | None = None


@runtime_checkable
class Check(Protocol):
    """One question about an event stream."""

    def measures(self, plan: Plan, params: Any) -> Iterable[Measure]:
        """Say what must be measured; the store fuses the wishes of all checks into one scan."""
        ...

    def judge(self, profile: Profile, plan: Plan, params: Any) -> Iterator[Finding]:
        """Yield a finding for every test made, healthy ones too. Pure."""
        ...

    def evidence(self, profile: Profile, plan: Plan, params: Any, finding: Finding) -> Evidence | None:
        """Return the series behind one finding of this check, for the alert's chart."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of finding means to people. Kinds of one family on one subject are one incident."""

    title: str  # "{subject} stopped"
    advice: str  # what to do next
    family: str = ""  # empty: a family of its own
    notice: bool = False  # for the weekly clean-up; it wakes nobody
    symptom: bool = False  # another kind of the same family says it better
    spoils: bool = True  # what it names is not learned from meanwhile
    volume: bool = False  # the number of messages is wrong, so that volumes are not learned from meanwhile; else shares


@dataclass(frozen=True, slots=True)
class Registered:
    """A check as the registry keeps it."""

    name: str
    question: str  # first line of the module's docstring
    check: Check
    params: type[Any]
    kinds: Mapping[str, Kind]


CHECKS: dict[str, Registered] = {}
_REGISTRY: ContextVar[dict[str, Registered]] = ContextVar("_REGISTRY", default=CHECKS)


@dataclass(frozen=True, slots=True)
class NoParams:
    """Parameters of a check that has none."""


def check(
    name: str, *, kinds: Mapping[str, Kind], params: type[Any] = NoParams
) -> Callable[[type[Check]], type[Check]]:
    """Register a check class under its name; being in the folder is enough to be found."""

    def register(cls: type[Check]) -> type[Check]:
        module_doc = (sys.modules[cls.__module__].__doc__ or name).strip()
        _REGISTRY.get()[name] = Registered(name, module_doc.splitlines()[0], cls(), params, kinds)
        return cls

    return register


@contextmanager
def apart() -> Iterator[dict[str, Registered]]:
    """Register what is defined meanwhile, in this thread, in the dictionary that is given, and for nobody else."""
    found: dict[str, Registered] = {}
    before = _REGISTRY.set(found)
    try:
        yield found
    finally:
        _REGISTRY.reset(before)


def as_datetime(value: np.datetime64) -> dt.datetime:
    """Return a UTC datetime64 as an aware datetime.

    >>> as_datetime(np.datetime64("2026-03-01T06:00:00"))
    datetime.datetime(2026, 3, 1, 6, 0, tzinfo=datetime.timezone.utc)
    """
    return dt.datetime.fromtimestamp(int(value.astype("datetime64[s]").astype(np.int64)), tz=dt.UTC)
