"""What does a RudderStack project say, kept as YAML: events, properties, custom types and the plan that joins them?

One or more files of `kind` tp (or tracking-plan), events, properties, custom-types, categories, which refer to each
other. They are put together as JSON Schema, and read as such. Source: rudderlabs/rudder-iac, the command line tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.plan import CALLS, PlannedEvent, PlannedProperty
from monitor.document import shortened
from monitor.errors import ConfigError, Problem
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign
from monitor.plan.schemas import At, properties_of

TITLE = "RudderStack project (YAML)"
PLANS = frozenset({"tp", "tracking-plan"})
KINDS = PLANS | {"events", "properties", "custom-types", "categories"}
_CONFIG = {"itemTypes": "items", "item_types": "items", "min_length": "minLength", "max_length": "maxLength"}
Item = Mapping[str, Any]


def claims(file: Foreign) -> bool:
    """Say whether a file is one of such a project."""
    return file.form == "yaml" and str(file.data.get("kind")) in KINDS and isinstance(file.data.get("spec"), dict)


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the events of all plans; without a plan, the events alone."""
    project = _Project(files)
    plans = [file for file in files if str(file.data["kind"]) in PLANS]
    for file in plans:
        spec = file.data["spec"]
        draft.name = draft.name or str(spec.get("display_name") or spec.get("name") or "")
        draft.description = draft.description or str(spec.get("description") or "")
        rules = spec.get("rules")
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict):
                _read_rule(project, At(draft, file, ("spec", "rules", index)), rule)
    for id_, (file, event) in ({} if plans else project.events).items():
        draft.add(_event(event), file, 1, id_)
    if not draft.events:
        said = "holds no event and no plan"
        raise ConfigError(*(Problem(str(file.path), 1, said, "import the project's whole folder") for file in files))


class _Project:
    """What the files of a project define, by id."""

    def __init__(self, files: Sequence[Foreign]) -> None:
        self.events = dict(_defined(files, "events", "events"))
        self.properties = dict(_defined(files, "properties", "properties"))
        self.types = dict(_defined(files, "custom-types", "types"))

    def schema(self, id_: str, seen: tuple[str, ...] = ()) -> tuple[str, dict[str, Any]] | None:
        """Return the name and the JSON Schema of a property."""
        if id_ not in self.properties:
            return None
        item = self.properties[id_][1]
        config = item.get("propConfig") or item.get("config") or {}
        schema = {**self._type(item.get("type"), seen), **self._config(config, seen)}
        if isinstance(item.get("description"), str):
            schema["description"] = item["description"]
        return str(item.get("name") or id_), schema

    def _type(self, said: Any, seen: tuple[str, ...]) -> dict[str, Any]:
        if not said:
            return {}
        if isinstance(said, str) and said.startswith("#"):
            return self._custom(_id(said), seen)
        names = said if isinstance(said, list) else str(said).split(",")
        return {"type": [str(name).strip() for name in names]}

    def _custom(self, id_: str, seen: tuple[str, ...]) -> dict[str, Any]:
        if id_ not in self.types or id_ in seen:
            return {"$ref": id_}  # is not in the files, or refers to itself: noted where schemas are read
        item = self.types[id_][1]
        schema = {**self._type(item.get("type"), seen), **self._config(item.get("config") or {}, seen)}
        members = item.get("properties")
        return schema | (self.members(members, (*seen, id_)) if isinstance(members, list) else {})

    def _config(self, config: Any, seen: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for word, value in config.items() if isinstance(config, dict) else ():
            name: str = _CONFIG.get(str(word), str(word))
            if name == "items":
                first = value[0] if isinstance(value, list) and len(value) == 1 else value
                value = self._type(first, seen)  # noqa: PLW2901 one of the words is spelt otherwise
            found[name] = value
        return found

    def members(self, listed: Sequence[Any], seen: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the members of an object as JSON Schema has them."""
        properties: dict[str, Any] = {}
        required: list[str] = []
        for each in listed:
            id_ = _ref(each)
            name, schema = self.schema(id_, seen) or (id_, {"$ref": id_})
            inner = each.get("properties") if isinstance(each, dict) else None
            if isinstance(inner, list):
                schema = {**schema, **self.members(inner, seen)}
            properties[name] = schema
            if isinstance(each, dict) and each.get("required") is True:
                required.append(name)
        return {"type": "object", "properties": properties, "required": required}


def _defined(files: Sequence[Foreign], kind: str, section: str) -> Iterator[tuple[str, tuple[Foreign, Item]]]:
    for file in files:
        items = file.data["spec"].get(section) if file.data["kind"] == kind else None
        for item in _blocks(items):
            if isinstance(item.get("id"), str):
                yield item["id"], (file, item)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _blocks(value: Any) -> list[Item]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _id(ref: str) -> str:
    """Return the id at the end of a reference, old or new: `#/properties/shop/sku`, `#property:sku`."""
    return re.split(r"[/:]", ref)[-1]


def _ref(each: Any) -> str:
    if isinstance(each, dict):
        each = each.get("$ref") or each.get("property") or each.get("event") or ""
    return _id(str(each.get("$ref", "") if isinstance(each, dict) else each))


def _event(item: Item) -> PlannedEvent:
    call = str(item.get("event_type") or "track").lower()
    named = str(item.get("name") or ("" if call == "track" else call))
    labels = {"category": _id(str(item["category"]))} if item.get("category") else {}
    return PlannedEvent(
        name=named,
        call=call if call in CALLS else "track",  # type: ignore[arg-type]
        description=str(item.get("description") or ""),
        labels=labels,
    )


def _read_rule(project: _Project, at: At, rule: Item) -> None:
    id_ = _ref(rule.get("event") or {})
    if id_ not in project.events:
        at.down("event").note(f"the event {shortened(id_)} is not in the files", "import the project's whole folder")
        return
    at = replace(at, root=None)
    listed = _list(rule.get("properties"))
    for index, each in enumerate(listed):
        if _ref(each) not in project.properties:
            at.down("properties", index).note(f"the property {shortened(_ref(each))} is not in the files")
    properties = properties_of(project.members(listed), at)
    for variant in _blocks(rule.get("variants")):
        properties = _varied(project, at.down("variants"), variant, properties)
    own = rule.get("event")
    open_ = own.get("allow_unplanned") if isinstance(own, dict) else rule.get("additional_properties")
    event = replace(_event(project.events[id_][1]), closed=open_ is False, properties=properties)
    at.draft.add(event, at.file, at.path, id_)


def _varied(
    project: _Project, at: At, variant: Item, properties: dict[str, PlannedProperty]
) -> dict[str, PlannedProperty]:
    """Read what one property's values require of others; what only some values allow is optional."""
    found = dict(properties)
    by = _ref(variant.get("discriminator") or "")
    name = (project.schema(by) or (by, {}))[0]
    for case in [*_blocks(variant.get("cases")), {"properties": variant.get("default")}]:
        members = project.members(_list(case.get("properties")))
        match = tuple(map(str, _list(case.get("match"))))
        for key, prop in properties_of({**members, "required": []}, at).items():
            found.setdefault(key, prop)
            if key not in members["required"] or found[key].required:
                continue
            if not match or found[key].required_when.get(name, match) != match:
                at.note(f"a condition of {shortened(key)} is left out: a plan holds one, and none for all other cases")
            else:
                found[key] = replace(found[key], required_when={name: match})
    return found
