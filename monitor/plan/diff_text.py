"""How are the differences of two plans told: to a terminal, to a pull request, to a program?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from monitor.plan.diff import Difference, Kind

_MARKS = {"added": "+", "removed": "-", "renamed": ">", "changed": "~"}
KINDS: tuple[Kind, ...] = ("added", "removed", "renamed", "changed")


def as_text(found: Sequence[Difference], old: str, new: str) -> str:
    """Return the differences for a terminal; what breaks is marked."""
    if not found:
        return f"{old} → {new}: no difference"
    lines = [f"{old} → {new}: {summary_line(found)}", ""]
    for event, group in _by_event(found):
        lines += [*_event_lines(event, list(group)), ""]
    if any(each.breaking for each in found):
        lines.append("! breaks messages that kept the old plan, or queries that read the old names")
    return "\n".join(lines).rstrip()


def as_markdown(found: Sequence[Difference], old: str, new: str) -> str:
    """Return the differences as Markdown, for a pull request."""
    lines = [f"### Tracking plan: {summary_line(found)}", "", f"`{old}` → `{new}`", ""]
    if found:
        lines += ["| | event | property | change |", "|---|---|---|---|"]
    for each in found:
        mark = f"**{each.kind}, breaking**" if each.breaking else each.kind
        cells = (mark, each.event or "", f"`{each.property}`" if each.property else "", each.what)
        lines.append(f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |")
    return "\n".join(lines).rstrip()


def as_data(found: Sequence[Difference], old: str, new: str) -> dict[str, Any]:
    """Return the differences as one JSON document."""
    counts = Counter(each.kind for each in found)
    summary = {kind: counts[kind] for kind in KINDS} | {"breaking": sum(each.breaking for each in found)}
    return {"version": 1, "old": old, "new": new, "summary": summary, "changes": [each.data() for each in found]}


def summary_line(found: Sequence[Difference]) -> str:
    """Return how many differences of which kind there are, and how many break something."""
    counts = Counter(each.kind for each in found)
    breaking = sum(each.breaking for each in found)
    said = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind]) or "no difference"
    return f"{said}; {f'{breaking:,} breaking' if breaking else 'none breaking'}" if found else said


def _by_event(found: Iterable[Difference]) -> Iterator[tuple[str | None, Iterable[Difference]]]:
    return groupby(found, key=lambda each: each.event)


def _event_lines(event: str | None, group: list[Difference]) -> Iterator[str]:
    own = [each for each in group if each.property is None]
    if event is None:
        yield from (f"{_mark(each)} {each.what}" for each in own)
        return
    whole = next((each for each in own if each.kind in {"added", "removed", "renamed"}), None)
    breaking = "!" if any(each.breaking for each in group) else " "
    yield f"{_MARKS[whole.kind] if whole else '~'}{breaking}{event}{f': {whole.what}' if whole else ''}"
    for each in group:
        if each is not whole:
            subject = f"{each.property}: " if each.property else ""
            yield f"   {_mark(each)} {subject}{each.what}"


def _mark(each: Difference) -> str:
    return f"{_MARKS[each.kind]}{'!' if each.breaking else ' '}"
