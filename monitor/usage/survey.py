"""What of all that the store holds does anybody read?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from checks.base import Catalog, Usage
from monitor.config import UsageConfig
from monitor.errors import StoreError
from monitor.stores.base import Lore, PublicTable, Store
from monitor.usage import projects
from monitor.usage.reading import Read, read
from monitor.usage.statements import Audience, Text, Unread, parse
from monitor.usage.wishes import EVERYTHING, Name, Wish, name_of

NAME = "usage"  # of the snapshot
MOST_NAMED = 50  # texts that could not be read, of which it is kept where they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found out, kept as the snapshot `usage`."""

    texts: int  # different ones that were looked at
    unread: tuple[tuple[str, str], ...] = ()  # where, why: the first of those that could not be read
    failed: int = 0  # how many could not be read
    missing: str = ""  # why there is no history of queries, where it was asked for
    events: tuple[str, ...] = ()  # whose messages something reads
    properties: tuple[tuple[str, str], ...] = ()  # (event, property) that something reads

    @property
    def usage(self) -> Usage:
        """Return what checks see of it."""
        return Usage(self.texts - self.failed, frozenset(self.events), frozenset(self.properties))

    def to_json(self) -> Any:
        """Return what a snapshot keeps."""
        return _adapter().dump_python(self, mode="json")

    @classmethod
    def from_json(cls, body: Any) -> Survey:
        """Return what a snapshot kept."""
        return _adapter().validate_python(body)


@cache
def _adapter() -> TypeAdapter[Survey]:
    return TypeAdapter(Survey)


def survey(config: UsageConfig, store: Store, catalog: Catalog, now: dt.datetime) -> Survey:
    """Look at all SQL that the configuration names, and say what of the store it reads.

    Args:
        config: where SQL lies.
        store: asked for its views, and for its history of queries where that is wanted.
        catalog: the events and properties that there are.
        now: the time; the history is read of the days before it.

    Raises:
        StoreError: the store does not answer.
    """
    lore, missing = _lore(config, store, now)
    texts, unread = _texts(config, lore)
    parsed = parse(texts, lore.dialect)
    tables = {name_of(*place.table): place for place in lore.tables}
    found, unfollowed = read(parsed.queries, {name: _columns(place) for name, place in tables.items()})
    failed = [*unread, *parsed.unread, *unfollowed]
    found += _by_words(parsed.unread, tables)
    pairs = {pair for each in found for pair in _meant(each, tables[each.table], catalog)}
    return Survey(
        texts=parsed.texts + len(unread),
        unread=tuple((each.where, each.reason) for each in failed[:MOST_NAMED]),
        failed=len(failed),
        missing=missing,
        events=tuple(sorted({event for event, _ in pairs})),
        properties=tuple(sorted((event, prop) for event, prop in pairs if prop is not None)),
    )


def _lore(config: UsageConfig, store: Store, now: dt.datetime) -> tuple[Lore, str]:
    """Return what the store says; without a history, where it keeps none or does not show it."""
    if not config.history:
        return store.lore(None), ""
    try:
        return store.lore(now - config.days), ""
    except StoreError as error:
        return store.lore(None), str(error)


def _texts(config: UsageConfig, known: Lore) -> projects.Found:
    told = Audience.NOBODY if known.queries else Audience.LAST
    views = [Text(name, sql, name_of(*name.split(".")), told) for name, sql in known.views]
    texts = [*views, *(Text("the store's history", sql) for sql in known.queries if not _is_ours(sql))]
    unread: list[Unread] = []
    for folder, look in ((config.dbt, projects.in_dbt), (config.queries, projects.in_folder)):
        more, failed = look(folder) if folder else ([], [])
        texts += more
        unread += failed
    return texts, unread


def _is_ours(sql: str) -> bool:
    """Say whether a statement is one of trackwatch's own, which read every column."""
    lowered = sql[:4000].lower()
    return all(
        f"as {name}" in lowered.replace('"', "").replace("`", "") for name in ("part", "bucket", "property", "label")
    )


def _columns(place: PublicTable) -> frozenset[str]:
    return frozenset(column.lower() for column in place.columns)


def _by_words(unread: Iterable[Unread], tables: dict[Name, PublicTable]) -> list[Read]:
    """Return what texts that are not understood may read: whatever they name."""
    found = []
    for text in unread:
        for name, place in tables.items():
            if name[-1] in text.words:
                wishes: set[Wish] = {(word, None) for word in text.words & _columns(place)}
                if place.bag and (place.bag.lower(), None) in wishes:
                    wishes = wishes - {(place.bag.lower(), None)} | {(place.bag.lower(), word) for word in text.words}
                found.append(Read(name, frozenset(wishes), frozenset()))
    return found


def _meant(each: Read, place: PublicTable, catalog: Catalog) -> Iterator[tuple[str, str | None]]:
    """Yield the events and properties that a read means; with None, that messages of the event are read at all."""
    events = (
        [place.event] if place.event is not None else sorted(each.literals & catalog.events.keys()) or catalog.events
    )
    of_column = {column.lower(): prop for prop, column in place.properties.items()}
    bag = place.bag.lower() if place.bag else None
    columns = {column for column, member in each.wishes if member is None or column != bag}
    members = {member for column, member in each.wishes if column == bag and member is not None}
    whole = EVERYTHING in each.wishes
    named = {prop for column, prop in of_column.items() if whole or column in columns}
    for event in events:
        yield event, None
        yield from ((event, prop) for prop in named)
        if bag is not None:
            everything = whole or bag in columns
            inside = catalog.properties(event) - set(of_column.values())
            yield from ((event, prop) for prop in inside if everything or prop.lower() in members)
