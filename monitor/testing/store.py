"""What would a store say, counted in plain Python, row by row?

`MemoryStore` keeps every promise of `monitor.stores.base.Store` in the slowest and plainest
way: the contract tests hold the databases against it, other tests use it instead of one.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from checks.base import EVERY, PAIRED, Catalog, Field, Grain, Measure, Rule, Stat
from checks.bins import SECONDS, SIZES
from monitor.calendar import floor_day, floor_hour
from monitor.stores import people, sequence, shown
from monitor.stores.base import COLUMNS, Lore, Marks, Measured, Request, Size, Statement, Window

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message as it lies in a store."""

    event: str
    received_at: dt.datetime  # aware
    source: str = "web"
    id: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    occurred_at: dt.datetime | None = None
    loaded_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    dimensions: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> str:
        """Return the properties that have a value as text, whatever their order."""
        return json.dumps({name: value for name, value in self.properties.items() if value is not None}, sort_keys=True)


class MemoryStore:
    """A `Store` of rows in memory, with JSON's types."""

    def __init__(self, rows: Iterable[Row], *, repeat_window: int = 60) -> None:
        """Keep the rows."""
        self.rows = tuple(rows)
        self.repeat_window = repeat_window

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events and properties that occur."""
        sources: dict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            sources[row.event].add(row.source)
        seen = dict.fromkeys((row.event, row.source, name) for row in self.rows for name in row.properties)
        has_ids = any(row.id is not None for row in self.rows)
        events = {event: frozenset(names) for event, names in sources.items()}
        return Catalog(events, tuple(Field(*place, "any") for place in seen), has_ids)

    def measure(self, request: Request) -> Measured:
        """Count everything that was asked."""
        inside = [row for row in self.rows if request.since <= row.received_at < request.until]
        found = [
            (source, event, prop, label, measure.name(), measure.grain, bucket, value)
            for measure in dict.fromkeys(request.measures)
            for (source, event, prop, bucket), label, value in self._values(measure, inside, ZoneInfo(request.zone))
            if value or measure.stat in (Stat.FINGERPRINT, Stat.LOWEST, Stat.HIGHEST)
        ]
        frame = pd.DataFrame(found, columns=list(COLUMNS))
        types = dict.fromkeys(COLUMNS[:6], "str") | {"bucket": "datetime64[s]", "value": "float64"}
        return Measured(frame.astype(types), statements=1, rows=len(inside))

    def statements(self, request: Request, *, estimated: bool = False) -> Sequence[Statement]:
        """Return nothing: there is no SQL."""
        return ()

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
        """Do nothing: nothing is open."""

    def _values(
        self, measure: Measure, rows: list[Row], zone: ZoneInfo
    ) -> Iterator[tuple[tuple[Any, ...], str, float]]:
        mine = [row for row in rows if measure.event in (None, row.event)]
        if measure.stat in (Stat.SURPLUS, Stat.REPEATS):
            key = self._copy if measure.stat is Stat.SURPLUS else self._repeat
            copies = _copies(mine, key, measure.stat, lambda at: bucket(at, measure.grain, zone))
            yield from ((place, "", value) for place, value in copies)
            return
        if measure.stat is Stat.UNPRECEDED and measure.rule:
            mine = [row for row in mine if self._is_first(row, *measure.rule.value)]
            counted = Counter((r.source, r.event, "", bucket(r.received_at, measure.grain, zone)) for r in mine)
            yield from ((place, measure.rule.value[0], value) for place, value in counted.items())
            return
        groups: dict[tuple[str, str, Any], list[Row]] = defaultdict(list)
        for row in mine:
            groups[row.source, row.event, bucket(row.received_at, measure.grain, zone)].append(row)
        for (source, event, start), group in groups.items():
            for name in self._names(measure, event):
                for label, value in _labelled(measure, name, group):
                    yield (source, event, name, start), label, value

    def _names(self, measure: Measure, event: str) -> Iterable[str]:
        return sorted(self.catalog().properties(event)) if measure.property == EVERY else [measure.property or ""]

    def _is_first(self, row: Row, before: str, within: float) -> bool:
        """Say whether nobody with an id of this row sent the other event in time before it."""
        since, until = (row.received_at + dt.timedelta(seconds=s) for s in (-within, sequence.SLACK))
        ids = [(name, getattr(row, name)) for name in sequence.PEOPLE if getattr(row, name)]
        earlier = [each for each in self.rows if each.event == before and since <= each.received_at <= until]
        return bool(ids) and not any(getattr(each, name) == value for each in earlier for name, value in ids)

    def _copy(self, row: Row) -> tuple[Any, ...] | None:
        if self.catalog().has_ids:
            return None if row.id is None else (row.source, row.event, row.id)
        return row.source, row.event, row.received_at, row.user_id, row.anonymous_id, row.content()

    def _repeat(self, row: Row) -> tuple[Any, ...] | None:
        user = row.user_id if row.user_id is not None else row.anonymous_id
        if user is None or (row.id is None and self.catalog().has_ids):
            return None
        return row.source, row.event, user, row.received_at.timestamp() // self.repeat_window, row.content()


def bucket(at: dt.datetime, grain: Grain, zone: ZoneInfo) -> dt.datetime:
    """Return the UTC start of the bucket that an instant lies in, without its zone."""
    start = floor_day(at, zone) if grain == "day" else floor_hour(at, zone)
    return start.replace(tzinfo=None)


def _copies(
    rows: list[Row],
    key: Callable[[Row], tuple[Any, ...] | None],
    stat: Stat,
    place: Callable[[dt.datetime], dt.datetime],
) -> Iterator[tuple[tuple[Any, ...], float]]:
    """Yield rows beyond the first of each key, in the bucket of the last one."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if (found := key(row)) is not None:
            groups[found].append(row)
    surplus: Counter[tuple[Any, ...]] = Counter()
    for group in groups.values():
        several = len({row.id or row.received_at for row in group}) > 1
        if len(group) > 1 and (several or stat is Stat.SURPLUS):
            last = max(row.received_at for row in group)
            surplus[group[0].source, group[0].event, "", place(last)] += len(group) - 1
    yield from surplus.items()


def _labelled(measure: Measure, name: str, rows: list[Row]) -> Iterator[tuple[str, float]]:
    """Yield a statistic of the rows of one bucket, by label where it has any."""
    if measure.by:
        yield from _most_frequent(_value(row, measure.by) for row in rows)
    elif measure.stat in shown.ASKED:
        read = _texts if measure.stat is Stat.MEMBERS else _forms
        yield from _most_frequent(label for row in rows for label in read(row, name))
    elif measure.stat in _BINNED:
        bins = SIZES if measure.stat is Stat.SIZES else SECONDS
        numbers = (bins.number(value) for row in rows if (value := _BINNED[measure.stat](row, name)) is not None)
        yield from Counter(bins.label(number) for number in numbers if number is not None).items()
    elif (value := _statistic(measure, name, rows)) is not None:
        yield "", value


def _value(row: Row, dimension: str) -> str:
    if PAIRED in dimension:
        return PAIRED.join(row.dimensions.get(each) or "" for each in dimension.split(PAIRED))
    if dimension == "links":
        return {(True, True): people.BOTH, (True, False): people.USER, (False, True): people.ANONYMOUS}.get(
            (bool(row.user_id), bool(row.anonymous_id)), people.NOBODY
        )
    if dimension != "identity":
        return row.dimensions.get(dimension) or "(none)"
    if row.user_id:
        return _form(row.user_id)
    return "anonymous" if row.anonymous_id else "nobody"


def _form(user_id: str) -> str:
    """Return the class of a user id, as `monitor.stores.people` has them."""
    if user_id.lower() in people.PLACEHOLDERS or re.fullmatch("[0-]+", user_id):
        return people.PLACEHOLDER
    found = (name for name, pattern in people.FORMATS.items() if re.search(pattern, user_id.lower()))
    return next(found, people.OTHER)


def _most_frequent(values: Iterable[str]) -> Iterator[tuple[str, float]]:
    ranked = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    yield from ranked[:50]
    if rest := sum(count for _, count in ranked[50:]):
        yield "(other)", rest


def _between(since: dt.datetime | None, until: dt.datetime | None) -> float | None:
    return None if since is None or until is None else until.timestamp() // 1 - since.timestamp() // 1


def _amount(value: Any) -> float | None:
    """Return a finite number as float64; None of anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) else None


def _texts(row: Row, name: str) -> Iterator[str]:
    if isinstance(value := row.properties.get(name), str):
        yield value


def _forms(row: Row, name: str) -> Iterator[str]:
    """Yield what a text looks like, as `monitor.stores.shown` has it."""
    for text in _texts(row, name):
        found = (form for form, pattern in shown.FORMS.items() if re.search(pattern, text))
        yield next(found, shown.TEXT) if text else shown.EMPTY


_BINNED: Mapping[Stat, Callable[[Row, str], float | None]] = {
    Stat.DELAYS: lambda row, _: _between(row.occurred_at, row.received_at),
    Stat.LAGS: lambda row, _: _between(row.received_at, row.loaded_at),
    Stat.SKEWS: lambda row, _: _between(row.sent_at, row.received_at),
    Stat.SIZES: lambda row, name: _amount(row.properties.get(name)),
}


def _statistic(measure: Measure, name: str, rows: list[Row]) -> float | None:
    """Return a statistic of the rows of one bucket; None where there is nothing to say."""
    values = [value for row in rows if (value := row.properties.get(name)) is not None]
    amounts = [amount for value in values if (amount := _amount(value)) is not None]
    known: dict[Stat, Callable[[], float | None]] = {
        Stat.ROWS: lambda: len(rows),
        Stat.IDS: lambda: sum(row.id is not None for row in rows),
        Stat.RECEIVED: lambda: max(row.received_at for row in rows).timestamp() // 1,
        Stat.LOADED: lambda: max((row.loaded_at.timestamp() // 1 for row in rows if row.loaded_at), default=None),
        Stat.NULLS: lambda: len(rows) - len(values),
        Stat.FINGERPRINT: lambda: fingerprint(values),
        Stat.CHECKSUM: lambda: sum(zlib.crc32(json.dumps(value, sort_keys=True).encode()) % 2**24 for value in values),
        Stat.DISTINCT: lambda: len({json.dumps(value, sort_keys=True) for value in values}),
        Stat.LOWEST: lambda: min(amounts, default=None),
        Stat.HIGHEST: lambda: max(amounts, default=None),
    }
    count = known.get(measure.stat, lambda: sum(breaks(value, measure.rule) for value in values if measure.rule))
    return count()


def fingerprint(values: Sequence[Any]) -> float | None:
    """Return a hash of the one value there is, -1 for several, None for none."""
    texts = {json.dumps(value, sort_keys=True) for value in values}
    if not texts:
        return None
    return -1 if len(texts) > 1 else zlib.crc32(texts.pop().encode())


def breaks(value: Any, rule: Rule) -> bool:
    """Return whether a JSON value breaks a rule."""
    amount = None if isinstance(value, bool) or not isinstance(value, int | float) else value
    if rule.kind == "type":
        return not _is(value, amount, rule.value[0])
    if rule.kind == "enum":
        return (value if isinstance(value, str) else json.dumps(value)) not in rule.value
    if rule.kind == "length":
        return isinstance(value, str) and not (rule.value[0] or 0) <= len(value) <= (rule.value[1] or len(value))
    if rule.kind in ("pattern", "format"):
        return isinstance(value, str) and not re.search(rule.value[0], value)
    low, high = rule.value
    if amount is not None and isnan(amount):
        return high is not None  # databases take what is no number for larger than all
    return amount is not None and ((low is not None and amount < low) or (high is not None and amount > high))


def _is(value: Any, amount: float | None, planned: str) -> bool:
    return {
        "any": True,
        "string": isinstance(value, str),
        "integer": amount is not None and float(amount).is_integer(),
        "number": amount is not None,
        "boolean": isinstance(value, bool),
        "datetime": isinstance(value, str) and _ISO.fullmatch(value) is not None,
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
    }[planned]
