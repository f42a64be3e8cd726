"""What do JSON Schemas say, one file for each event and version?

reflekt keeps `Order_Completed/1-0.json`, Snowplow's Iglu keeps `vendor/name/jsonschema/1-0-2`, without an ending;
both describe themselves under `self`. Source: Iglu's self-describing schemas and SchemaVer (MODEL-REVISION-ADDITION).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.plan import CALLS, PlannedEvent
from monitor.document import shortened
from monitor.plan.draft import Draft, texts
from monitor.plan.foreign import Foreign
from monitor.plan.schemas import At, is_closed, properties_of, unheld

TITLE = "JSON Schema files: reflekt, Snowplow Iglu"
_VERSION = re.compile(r"\d+-\d+(-\d+)?\Z")


@dataclass(frozen=True, slots=True)
class _Described:
    """A schema, and what it calls itself."""

    file: Foreign
    schema: Mapping[str, Any]
    vendor: str
    name: str
    version: str

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", self.version))


def claims(file: Foreign) -> bool:
    """Say whether a file is a JSON Schema of an object."""
    data = file.data
    if file.form != "json" or not isinstance(data, dict):
        return False
    return isinstance(data.get("self"), dict) or (
        isinstance(data.get("properties"), dict) and ("$schema" in data or data.get("type") == "object")
    )


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the newest version of each schema; schemas of one name get their vendor in front."""
    newest: dict[tuple[str, str], _Described] = {}
    for file in files:
        own = file.data.get("self")
        if isinstance(own, dict) and own.get("format", "jsonschema") != "jsonschema":
            draft.note(file, 1, f"a schema in the format {shortened(str(own['format']))} is left out")
            continue
        each = _described(file)
        key = (each.vendor, each.name)
        older, later = sorted((newest.get(key, each), each), key=lambda one: one.order)
        if older is not later:
            said = f"version {older.version} of {shortened(each.name)} is left out: a plan holds the newest"
            draft.note(older.file, 1, said)
        newest[key] = later
    names = Counter(_event_name(each.name) for each in newest.values())
    for described in newest.values():
        _read_schema(described, draft, shared=names[_event_name(described.name)] > 1)


def _described(file: Foreign) -> _Described:
    own = file.data.get("self")
    own = own if isinstance(own, dict) else {}
    parts = file.path.with_suffix("").parts if file.path.suffix in {".json", ".jsonschema"} else file.path.parts
    version = str(own.get("version") or (parts[-1] if _VERSION.match(parts[-1]) else ""))
    folders = [part for part in parts if part != "jsonschema" and not _VERSION.match(part)]
    name = str(own.get("name") or file.data.get("title") or (folders[-1] if folders else "schema"))
    return _Described(file, file.data, str(own.get("vendor") or ""), name, version)


def _event_name(name: str) -> str:
    """Return the name of an event; what is called like a call, in whatever case, is that call."""
    return name.lower() if name.lower() in CALLS else name


def _read_schema(each: _Described, draft: Draft, *, shared: bool) -> None:
    at = At(draft, each.file, (), root=each.schema)
    unheld(each.schema, at)
    if each.schema.get("type", "object") != "object":
        at.down("type").note(f"{shortened(each.name)} describes no object: read as an event without properties")
    name = _event_name(each.name)
    own = each.schema.get("self")
    described = each.schema.get("description")
    labels = dict(texts(own.get("metadata") if isinstance(own, dict) else None))
    event = PlannedEvent(
        name=f"{each.vendor}/{name}" if shared and each.vendor else name,
        call=name if name in CALLS and not shared else "track",  # type: ignore[arg-type]
        version=each.version,
        description=described if isinstance(described, str) else "",
        owner=labels.pop("owner", "") or None,
        labels={**({"vendor": each.vendor} if each.vendor else {}), **labels},
        closed=is_closed(each.schema),
        properties=properties_of(each.schema, at),
    )
    draft.add(event, each.file, 1, f"{each.vendor}/{name} {each.version}".strip())
