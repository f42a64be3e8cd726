"""What changed in the store's own schema, and when: a property that came, went, or changed its type?

Held against what the store had when it was looked at last. The first look says nothing. Where properties are
those of the newest rows, and not columns, what is rare comes and goes: there only what was never seen is new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from checks.base import Altered, Catalog
from monitor.inventory import Inventory

NAME = "schema"  # of the snapshot
LONG = dt.timedelta(days=365)  # for which a change is remembered
MOST = 2_000  # changes that are remembered
NAMED = 5  # properties of a change that are named
ANYTHING = "any"  # the type of what is of several

Types = Mapping[tuple[str, str], Mapping[str, str]]  # (event, source) -> property -> type


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of the store's schema that are remembered, the newest last."""

    altered: tuple[Altered, ...] = ()
    known: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """event -> source -> every property ever seen, where they are not columns."""

    def to_json(self) -> Any:
        """Return what a snapshot keeps."""
        return _adapter().dump_python(self, mode="json")

    def of(self, event: str) -> tuple[Altered, ...]:
        """Return the changes of one event."""
        return tuple(each for each in self.altered if each.event == event)


@cache
def _adapter() -> TypeAdapter[Changes]:
    return TypeAdapter(Changes)


def remembered(snapshot: tuple[dt.datetime, Any] | None) -> Changes:
    """Return the changes that a snapshot keeps; None: nothing was kept yet."""
    return _adapter().validate_python(snapshot[1]) if snapshot else Changes()


def seen(catalog: Catalog, before: tuple[dt.datetime, Inventory] | None, changes: Changes, now: dt.datetime) -> Changes:
    """Return the changes that are remembered once the store was looked at.

    Args:
        catalog: what it has now.
        before: what it had when it was looked at last, and when that was; None: it never was.
        changes: those that were remembered.
        now: the time.
    """
    types, was = _types(catalog), _held(before[1]) if before else {}
    ever = _ever(changes, was) if catalog.sampled else {}
    new = list(_altered(types, was, ever, (before[0], now))) if before else []
    lasting = [each for each in changes.altered if each.at > now - LONG]
    return Changes(tuple([*lasting, *new][-MOST:]), _grown(ever, types) if catalog.sampled else {})


def _types(catalog: Catalog) -> dict[tuple[str, str], dict[str, str]]:
    types: dict[tuple[str, str], dict[str, str]] = {
        (event, source): {} for event, sources in catalog.events.items() for source in sources
    }
    for each in catalog.fields:
        types.setdefault((each.event, each.source), {})[each.property] = each.type
    return types


def _held(before: Inventory) -> dict[tuple[str, str], dict[str, str]]:
    types: dict[tuple[str, str], dict[str, str]] = {}
    for event, held in before.events.items():
        types |= {(event, source): {} for source in held.sources}
        for name, each in held.properties.items():
            for source, kind in each.types.items():
                types.setdefault((event, source), {})[name] = kind
    return types


def _ever(changes: Changes, was: Types) -> dict[str, dict[str, set[str]]]:
    ever = {event: {source: set(p) for source, p in sources.items()} for event, sources in changes.known.items()}
    for (event, source), properties in was.items():
        ever.setdefault(event, {}).setdefault(source, set()).update(properties)
    return ever


def _grown(ever: dict[str, dict[str, set[str]]], types: Types) -> dict[str, dict[str, tuple[str, ...]]]:
    for (event, source), properties in types.items():
        ever.setdefault(event, {}).setdefault(source, set()).update(properties)
    return {e: {source: tuple(sorted(p)) for source, p in sources.items()} for e, sources in ever.items()}


def _altered(
    now: Types, before: Types, ever: Mapping[str, Mapping[str, set[str]]], span: tuple[dt.datetime, dt.datetime]
) -> Iterator[Altered]:
    """Yield a change for each event and source of which something is not as it was; `ever` is empty for columns."""
    for event, source in sorted(now.keys() & before.keys()):
        is_, was = now[event, source], before[event, source]
        known = ever.get(event, {}).get(source, set(was)) if ever else was.keys()
        new = [f"{name} ({is_[name]})" for name in sorted(is_.keys() - known)]
        gone = [] if ever else sorted(was.keys() - is_.keys())
        changed = [
            f"{name} is {is_[name]} and was {was[name]}"
            for name in sorted(is_.keys() & was.keys())
            if is_[name] != was[name] and not (ever and ANYTHING in (is_[name], was[name]))
        ]
        said = [f"{verb} {_some(names)}" for verb, names in (("got", new), ("lost", gone)) if names]
        if said or changed:
            said += [_some(changed)] if changed else []
            yield Altered(event, source, f"{event} on {source}: {'; '.join(said)}", *span)
    for event, source in sorted(before.keys() - now.keys()) if not ever else ():
        if before[event, source]:
            yield Altered(event, source, f"{event} on {source} has no place in the store any more", *span)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
