"""What does a plan say that lists its events with a schema of the whole call?

Segment's Config API, the one before the Public API (`rules.events[].rules`), and RudderStack's tracking plans,
which keep the shape and add `eventType`. Sources: Segment Config API v1; RudderStack tracking plan API;
rudderlabs/rudder-typer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.plan import CALLS
from monitor.plan.draft import Draft
from monitor.plan.envelopes import event_of
from monitor.plan.foreign import Foreign, Step
from monitor.plan.schemas import At

TITLE = "Segment Config API and RudderStack (JSON)"
_OTHERS = {"identify": "identify", "group": "group"}


def claims(file: Foreign) -> bool:
    """Say whether a file is such a plan."""
    listed, _ = _events(file.data)
    return file.form == "json" and any(isinstance(each, dict) and "rules" in each for each in listed)


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the events of all files."""
    for file in files:
        data = file.data
        draft.name = draft.name or str(data.get("display_name") or data.get("name") or "")
        draft.description = draft.description or str(data.get("description") or "")
        listed, path = _events(data)
        for index, each in enumerate(listed):
            if isinstance(each, dict):
                _read_event(file, (*path, index), each, draft)
        _read_others(file, draft)


def _events(data: Any) -> tuple[list[Any], tuple[Step, ...]]:
    rules = data.get("rules") if isinstance(data, dict) else None
    if isinstance(rules, dict) and isinstance(rules.get("events"), list):
        return rules["events"], ("rules", "events")
    listed = data.get("events") if isinstance(data, dict) else None
    return (listed, ("events",)) if isinstance(listed, list) else ([], ())


def _read_event(file: Foreign, path: tuple[Step, ...], event: Mapping[str, Any], draft: Draft) -> None:
    schema = event.get("rules")
    call = str(event.get("eventType") or "track").lower()
    if call not in CALLS:
        draft.note(file, (*path, "eventType"), f"a rule for {call} calls is left out: a plan has no place for it")
        return
    found = event_of(
        str(event.get("name") or ""),
        call,
        schema if isinstance(schema, dict) else {},
        At(draft, file, (*path, "rules")),
    )
    version = event.get("version")
    draft.add(
        replace(
            found,
            description=str(event.get("description") or "") or found.description,
            version=str(version) if isinstance(version, int) and version != 1 else "",
        ),
        file,
        path,
    )


def _read_others(file: Foreign, draft: Draft) -> None:
    """Read the rules for identify and group, which the Config API keeps beside the events."""
    rules = file.data.get("rules")
    for name, each in rules.items() if isinstance(rules, dict) else ():
        path: tuple[Step, ...] = ("rules", name)
        if name in _OTHERS and isinstance(each, dict) and each.get("properties"):
            draft.add(event_of("", _OTHERS[name], each, At(draft, file, path)), file, path)
        elif name != "events" and each:
            draft.note(file, path, f"{name} is left out: a plan has no place for it")
