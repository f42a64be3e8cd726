"""What does a tracking plan of Segment's Public API say?

A plan, a page of its rules, or a list of rules; the properties nested as the API returns them, or flattened
as Typewriter writes them. Source: Segment Public API, `GET /tracking-plans/{id}/rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.plan import CALLS
from monitor.document import shortened
from monitor.plan.draft import Draft
from monitor.plan.envelopes import deprecation, event_of
from monitor.plan.foreign import Foreign, Step
from monitor.plan.schemas import At

TITLE = "Segment Public API (JSON)"


def claims(file: Foreign) -> bool:
    """Say whether a file is such a plan."""
    return file.form == "json" and any("jsonSchema" in rule for _, rule in _rules(file.data))


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the rules of all files; of several versions of a rule, the newest."""
    for file in files:
        plan = _plan(file.data)
        draft.name = draft.name or str(plan.get("name") or plan.get("display_name") or "")
        draft.description = draft.description or str(plan.get("description") or "")
        newest = _newest(file, draft)
        for path, rule in newest:
            _read_rule(file, path, rule, draft)


def _plan(data: Any) -> Mapping[str, Any]:
    """Return the block that names the plan, without what the API wraps around it."""
    here = data.get("data", data) if isinstance(data, dict) else {}
    inner = here.get("trackingPlan", here) if isinstance(here, dict) else {}
    return inner if isinstance(inner, dict) else {}


def _rules(data: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Mapping[str, Any]]]:
    """Yield the rules of a plan, a page or a list of pages, each with its path."""
    if isinstance(data, list):
        for index, each in enumerate(data):
            if isinstance(each, dict) and "jsonSchema" in each:
                yield (*path, index), each
            else:
                yield from _rules(each, (*path, index)) if len(path) < 4 else ()
    elif isinstance(data, dict):
        for name in ("data", "trackingPlan", "rules"):
            if isinstance(data.get(name), dict | list):
                yield from _rules(data[name], (*path, name))


def _newest(file: Foreign, draft: Draft) -> list[tuple[tuple[Step, ...], Mapping[str, Any]]]:
    newest: dict[tuple[str, str], tuple[tuple[Step, ...], Mapping[str, Any]]] = {}
    for path, rule in _rules(file.data):
        key = (str(rule.get("type")), str(rule.get("key") or ""))
        known = newest.get(key)
        if known is not None:
            older, later = sorted((known, (path, rule)), key=lambda each: _version(each[1]))
            said = f"version {_version(older[1])} of {shortened(key[1])} is left out: a plan holds the newest"
            draft.note(file, older[0], said)
            newest[key] = later
        else:
            newest[key] = (path, rule)
    return list(newest.values())


def _version(rule: Mapping[str, Any]) -> int:
    version = rule.get("version", 1)
    return version if isinstance(version, int) else 1


def _read_rule(file: Foreign, path: tuple[Step, ...], rule: Mapping[str, Any], draft: Draft) -> None:
    call, schema = str(rule.get("type", "TRACK")).lower(), rule["jsonSchema"]
    if call not in CALLS or not isinstance(schema, dict):
        why = "it holds for all events, and a plan has no place for it" if call in {"common", "global"} else "unknown"
        draft.note(file, path, f"a rule of type {shortened(call.upper())} is left out: {why}")
        return
    at = At(draft, file, (*path, "jsonSchema"))
    event = event_of(str(rule.get("key") or ""), call, schema, at)
    version = str(rule["version"]) if _version(rule) != 1 else ""
    draft.add(replace(event, version=version, deprecated=deprecation(rule.get("deprecatedAt"))), file, path)
