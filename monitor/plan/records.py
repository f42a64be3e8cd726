"""What do the cells of a sheet's row say of an event and a property, however people wrote them?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checks.plan import CALLS, Deprecation, PlannedEvent, PlannedProperty, Priority, PropertyType
from monitor.document import shortened
from monitor.plan.cells import split_cell, split_pairs
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign
from monitor.plan.readers import FORMATS, unportable
from monitor.plan.tables import TYPE_NAMES, Record, is_yes

_ITEM = re.compile(
    r"[-*•·\s]*(?P<name>[^:(=*]+?)\s*(?P<star>\*?)\s*(?:\((?P<within>[^)]*)\))?\s*(?:[:=]\s*(?P<after>.*))?\Z",
    re.DOTALL,
)
_STEP = re.compile(r"\\.|\[\](?=\.|\Z|\[)|.", re.DOTALL)
_MUST, _MAY = frozenset({"required", "mandatory", "always", "must"}), frozenset({"optional", "nullable"})


@dataclass(frozen=True, slots=True)
class Teller:
    """Notes what is odd about one row."""

    draft: Draft
    file: Foreign
    line: int

    def __call__(self, message: str, hint: str = "") -> None:
        """Note it."""
        self.draft.note(self.file, self.line, message, hint)


def event_from(name: str, row: Record, tell: Teller, *, alone: bool) -> PlannedEvent:
    """Return what a row says of its event; `alone`: the row is about no property, so its description is the event's."""
    said = next((each for each in (row["call"].lower(), row["type"].lower()) if each in CALLS), "")
    call = said or (name.lower() if name.lower() in CALLS else "track")
    sources = row.raw("sources")
    roles = {key: values[-1] for key, values in split_pairs(sources).items()}
    since = _deprecated(row["event_deprecated"], row.raw("event_use"))
    return PlannedEvent(
        name=name.lower() if name.lower() == call and not said else name,
        call=call,  # type: ignore[arg-type]
        version=row["version"],
        description=row["event_description"] or (row["description"] if alone else ""),
        owner=row["owner"] or None,
        priority=_priority(row["priority"], tell),
        sources=roles or dict.fromkeys(split_cell(sources), ""),
        action=row["action"],
        labels={key: values[-1] for key, values in split_pairs(row.raw("labels")).items()} or _tags(row.raw("labels")),
        deprecated=since,
        expires=_date(row["expires"]),
        closed=is_yes(row["event_closed"]) is True,
    )


def property_from(name: str, row: Record, tell: Teller) -> PlannedProperty:
    """Return what a row says of its property."""
    types = _types(row.raw("type"), tell)
    required = is_yes(row["required"])
    if required is None:
        tell(f"required: {shortened(row['required'])} is neither yes nor no: read as no", "write yes or no")
    enum, pattern = tuple(split_cell(row.raw("enum"))), row.raw("pattern") or None
    if row["permitted"]:
        enum, pattern = _permitted(row.raw("permitted"), enum, pattern)
    if pattern and (why := unportable(pattern)):
        tell(f"the pattern {shortened(pattern)} is left out: {why}")
        pattern = None
    return PlannedProperty(
        name=name,
        description=row["description"],
        type=types[0] if len(types) == 1 else "any",
        types=types if len(types) > 1 else (),
        required=required is True,
        required_from=tuple(split_cell(row.raw("required_from"))),
        required_when=split_pairs(row.raw("required_when")),
        sources=tuple(split_cell(row.raw("property_sources"))),
        enum=enum,
        pattern=pattern,
        format=row["format"] if row["format"] in FORMATS else None,
        unit=row["unit"] or None,
        deprecated=_deprecated(row["deprecated"], row.raw("use")),
        **_flags(row),
        **_limits(row, tell),
    )


def listed_properties(cell: str, tell: Teller) -> Iterator[PlannedProperty]:
    r"""Yield the properties that one cell lists: `order_id (string, required), total: number, plan = free|pro`."""
    for item in _items(cell):
        match = _ITEM.match(item)
        if match is None or not match["name"].strip():
            tell(f"{shortened(item)} is no property: left out", "write 'name (type, required)'")
            continue
        prop = PlannedProperty(name=match["name"].strip(), required=bool(match["star"]))
        after = match["after"] or ""
        said, _, description = after.partition(" - ")
        words = [*(match["within"] or "").split(","), *re.split(r",(?![^|]*\|)", said)]
        yield _worded(replace(prop, description=description.strip()), [word.strip() for word in words])


def nested(flat: Mapping[str, PlannedProperty]) -> dict[str, PlannedProperty]:
    """Put `address.city` into `address` and `products[].sku` into the items of `products`, where these are listed."""
    paths = {_path(name, flat): prop for name, prop in flat.items()}
    made: dict[str, PlannedProperty] = {}
    for path in sorted(paths, key=len, reverse=True):
        if len(path) > 1:
            parent = paths[path[:-1]]
            own = replace(paths[path], name=parent.name if path[-1] == "[]" else path[-1])
            inner: dict[str, Any] = (
                {"items": own} if path[-1] == "[]" else {"properties": {path[-1]: own, **parent.properties}}
            )
            paths[path[:-1]] = replace(parent, **inner)
    for path, prop in paths.items():
        if len(path) == 1:
            made[path[0]] = replace(_ordered(prop, paths, path), name=path[0])
    return made


def _ordered(prop: PlannedProperty, paths: Mapping[tuple[str, ...], Any], at: tuple[str, ...]) -> PlannedProperty:
    """Return a property with its members in the order of the sheet."""
    members = [path[-1] for path in paths if path[:-1] == at and path[-1] != "[]"]
    inner = {name: _ordered(paths[*at, name], paths, (*at, name)) for name in members}
    items = _ordered(paths[*at, "[]"], paths, (*at, "[]")) if (*at, "[]") in paths else None
    own_name = at[-1] if at[-1] != "[]" else next(step for step in reversed(at) if step != "[]")
    return replace(
        prop,
        name=own_name,
        properties={name: replace(each, name=name) for name, each in inner.items()},
        items=replace(items, name=own_name) if items else None,
    )


def _path(name: str, flat: Mapping[str, PlannedProperty]) -> tuple[str, ...]:
    """Return the steps of a path whose parents are all listed; a name with dots in it is one step."""
    for match in reversed([match for match in _STEP.finditer(name) if match[0] in {".", "[]"}]):
        parent = name[: match.start()]
        if parent in flat:
            own = "[]" if match[0] == "[]" and match.end() == len(name) else name[match.end() :]
            if own:
                return (*_path(parent, flat), own if own == "[]" else _plain(own))
    return (_plain(name),)


def _plain(name: str) -> str:
    return re.sub(r"\\([.\[\\])", r"\1", name)


def _items(cell: str) -> list[str]:
    depth, found, part = 0, [], ""
    by = next((mark for mark in "\n;," if mark in re.sub(r"\([^)]*\)", "", cell)), ",")
    for character in cell:
        depth += (character == "(") - (character == ")")
        if character == by and depth <= 0:
            found.append(part)
            part = ""
        else:
            part += character
    return [each.strip(" \t\r\n,;") for each in [*found, part] if each.strip(" \t\r\n,;-*•·")]


def _worded(prop: PlannedProperty, words: list[str]) -> PlannedProperty:
    rest: list[str] = []
    for word in words:
        low = word.lower()
        if low in TYPE_NAMES and word:
            prop = replace(prop, type=TYPE_NAMES[low])
        elif low in _MUST | _MAY:
            prop = replace(prop, required=low in _MUST or prop.required)
        elif "|" in word or low.startswith("enum "):
            prop = replace(prop, enum=tuple(split_cell(re.sub(r"^enum[: ]+", "", word, flags=re.IGNORECASE))))
        elif word:
            rest.append(word)
    return replace(prop, description=prop.description or ", ".join(rest))


def _types(cell: str, tell: Teller) -> tuple[PropertyType, ...]:
    found: list[PropertyType] = []
    for word in split_cell(cell, "|,/"):
        kind = TYPE_NAMES.get(word.lower())
        if kind is None and word.lower() not in {"null", *CALLS}:
            tell(
                f"the type {shortened(word)} is not known: read as any value",
                f"known: {', '.join(sorted(set(TYPE_NAMES.values())))}",
            )
        found += [kind] if kind else []
    return tuple(dict.fromkeys(found)) or ("any",)


def _permitted(cell: str, enum: tuple[str, ...], pattern: str | None) -> tuple[tuple[str, ...], str | None]:
    """Read Segment's column for both: values with | between, or a regular expression."""
    plain = not re.search(r"[\^$*+?\[\](){}\\]", cell)
    return (tuple(split_cell(cell, "|")), pattern) if plain else (enum, cell)


def _flags(row: Record) -> dict[str, Any]:
    return {word: is_yes(row[word]) is True for word in ("nullable", "key", "constant", "personal", "closed")}


def _limits(row: Record, tell: Teller) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in ("min", "max", "min_length", "max_length"):
        cell = row[word]
        try:
            found[word] = None if not cell else float(cell) if word in {"min", "max"} else int(cell)
        except ValueError:
            tell(f"{word}: {shortened(cell)} is no number: left out", "write a number")
    return found


def _priority(cell: str, tell: Teller) -> Priority:
    if cell and cell.lower() not in list(Priority):
        tell(f"the priority {shortened(cell)} is not known: read as normal", f"known: {', '.join(Priority)}")
    return Priority(cell.lower()) if cell.lower() in list(Priority) else Priority.NORMAL


def _tags(cell: str) -> dict[str, str]:
    return {"tags": cell.strip()} if cell.strip() else {}


def _deprecated(since: str, use: str) -> Deprecation | None:
    if is_yes(since) is False and not use:
        return None
    return Deprecation(since=_date(since), use=use or None)


def _date(cell: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(cell)
    except ValueError:
        return None
