"""How is what was verified said to people, and to programs?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.words import number
from monitor.verify.verification import Line, State, Verification

MARKS = {State.RIGHT: "✓", State.BROKEN: "✗", State.ABSENT: "·"}


def said(line: Line) -> str:
    """Return what came of one promise, in one line."""
    if line.state is State.ABSENT:
        return "has not come"
    if line.faults:
        return "; ".join(f"{fault.property} is {fault.text}" for fault in line.faults)
    return f"{number(line.rows)} message{'s' * (line.rows != 1)}"


def as_text(found: Verification) -> str:
    """Return the whole as text: what is wrong first, then what is unplanned, then the verdict."""
    order = (State.BROKEN, State.ABSENT, State.RIGHT)
    lines = sorted(found.lines, key=lambda line: order.index(line.state))
    width = max((len(_subject(line)) for line in lines), default=0)
    listed = [f"{MARKS[line.state]} {_subject(line):<{width}}  {said(line)}" for line in lines]
    return "\n".join([*listed, *_beside(found), "", verdict(found)])


def verdict(found: Verification) -> str:
    """Return the outcome in one sentence."""
    span = f"{found.workspace}, since {found.since:%Y-%m-%d %H:%M} UTC"
    if not found.lines:
        return f"{span}: nothing is planned for these events and sources, so that nothing was verified."
    wrong = [f"{found.count(State.BROKEN)} broken", f"{found.count(State.ABSENT)} not seen"]
    return f"{span}: {found.count(State.RIGHT)} of {len(found.lines)} came as planned, {', '.join(wrong)}."


def as_data(found: Verification) -> dict[str, Any]:
    """Return the JSON document."""
    return {
        "version": 1,
        "workspace": found.workspace,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "passed": found.passed,
        "summary": {state.value: found.count(state) for state in State},
        "events": [
            {
                "event": line.event,
                "source": line.source,
                "state": line.state.value,
                "rows": line.rows,
                "faults": [{"property": f.property, "text": f.text, "rows": f.rows} for f in line.faults],
            }
            for line in found.lines
        ],
        "unplanned": [{"event": event, "property": prop, "rows": rows} for event, prop, rows in found.unplanned],
        "unreadable": list(found.unreadable),
    }


def _subject(line: Line) -> str:
    return f"{line.event} on {line.source}" if line.source else line.event


def _beside(found: Verification) -> Iterator[str]:
    if found.unplanned:
        yield ""
        yield "Not in the plan:"
    for event, prop, rows in found.unplanned:
        name = f"{event}.{prop}" if prop else event
        yield f"? {name}  {number(rows)} message{'s' * (rows != 1)}"
    for table in found.unreadable:
        yield f"! cannot be read: {table}"
