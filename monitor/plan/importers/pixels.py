"""What does a registry of pixels say: JSON5 definitions by name, with shared dictionaries beside them?

Source: DuckDuckGo's pixel-schema, `PixelDefinitions/pixels/definitions/*.json5`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.plan import PlannedEvent, PlannedProperty
from monitor.document import shortened
from monitor.errors import ConfigError
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign, read_foreign
from monitor.plan.schemas import At, property_of

TITLE = "pixel definitions (JSON5)"
PARAMETERS, SUFFIXES = "params_dictionary.json", "suffixes_dictionary.json"
_WORDS = frozenset({"triggers", "parameters", "suffixes"})
_OWN = frozenset({"key", "keyPattern", "examples"})


def claims(file: Foreign) -> bool:
    """Say whether a file defines pixels, or is a dictionary of such files."""
    data = file.data
    if file.form != "json" or not isinstance(data, dict) or not data:
        return False
    if file.path.name in {PARAMETERS, SUFFIXES}:
        return True
    return all(isinstance(each, dict) and _WORDS & each.keys() and "description" in each for each in data.values())


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the pixels of all files; shared parameters are looked up in the dictionaries of these files or near them."""
    given = {file.path: file for file in files}
    for file in files:
        if file.path.name in {PARAMETERS, SUFFIXES}:
            continue
        shared = _dictionary(file, PARAMETERS, given)
        for name, pixel in file.data.items():
            _read_pixel(At(draft, file, (name,)), name, pixel, shared)


def _dictionary(file: Foreign, name: str, given: Mapping[Any, Foreign]) -> Mapping[str, Any]:
    """Return the dictionary next to a file, or in a folder above it."""
    for folder in list(file.path.parents)[:4]:
        found = given.get(folder / name)
        if found is None and (folder / name).is_file():
            try:
                found = read_foreign(folder / name)
            except ConfigError:
                continue  # is told when the file itself is imported
        if found is not None and isinstance(found.data, dict):
            return found.data
    return {}


def _read_pixel(at: At, name: str, pixel: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
    for word in pixel.keys() - {"description", "owners", "triggers", "suffixes", "parameters", "expires"}:
        at.down(word).note(f"{word!r} is left out: a plan has no place for it")
    labels = {word: ", ".join(map(_spelt, _list(pixel.get(word)))) for word in ("triggers", "suffixes")}
    parameters = [
        _parameter(at.down("parameters", index), each, shared)
        for index, each in enumerate(_list(pixel.get("parameters")))
    ]
    event = PlannedEvent(
        name=name,
        description=str(pixel.get("description") or ""),
        owner=", ".join(map(str, _list(pixel.get("owners")))) or None,
        labels={word: said for word, said in labels.items() if said},
        expires=_expires(at, pixel.get("expires")),
        properties={prop.name: prop for prop in parameters if prop is not None},
    )
    at.draft.add(event, at.file, at.path)


def _parameter(at: At, each: Any, shared: Mapping[str, Any]) -> PlannedProperty | None:
    if isinstance(each, str) and each.strip():
        if not isinstance(shared.get(each), dict):
            at.note(f"the parameter {shortened(each)} is in no {PARAMETERS}: only its name is kept")
            return PlannedProperty(name=each)
        each = {"key": each, **shared[each]}
    if not isinstance(each, dict) or not str(each.get("key") or each.get("keyPattern") or "").strip():
        at.note("a parameter without a key is left out")
        return None
    if "keyPattern" in each and "key" not in each:
        at.note(f"the parameters {shortened(str(each['keyPattern']))} are left out: a plan names each property")
        return None
    schema = {word: value for word, value in each.items() if word not in _OWN}
    return replace(property_of(str(each["key"]), schema, at), name=str(each["key"]))


def _expires(at: At, value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        at.down("expires").note(f"expires: {shortened(str(value))} is not a date: left out", "write it as 2026-09-01")
        return None


def _spelt(suffix: Any) -> str:
    """Return a suffix in words: its name in the dictionary, or its values."""
    if not isinstance(suffix, dict):
        return str(suffix)
    return "|".join(map(str, _list(suffix.get("enum")) or [suffix.get("key") or suffix.get("description") or "any"]))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
