"""What has just landed, beside the plan?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.words import number
from monitor.verify.text import MARKS, said
from monitor.verify.verification import Line, State, Verification

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {State.RIGHT: "green", State.BROKEN: "red", State.ABSENT: "dim"}


def landed(before: Verification | None, now: Verification) -> Iterator[str]:
    """Yield a line for each event that has more messages than before, and for each name that is new and unplanned."""
    known = {(line.event, line.source): line for line in before.lines} if before else {}
    for line in now.lines:
        then = known.get((line.event, line.source))
        more = line.rows - (then.rows if then else 0)
        if more > 0:
            yield f"{MARKS[line.state]} {line.source or 'any source'}: {line.event} (+{number(more)})  {_judged(line)}"
    names = {(event, prop) for event, prop, _ in before.unplanned} if before else set()
    for event, prop, rows in now.unplanned:
        if (event, prop) not in names:
            yield f"? {f'{event}.{prop}' if prop else event} (+{number(rows)})  is not in the plan"


def _judged(line: Line) -> str:
    return said(line) if line.faults else "as planned"


def board(found: Verification) -> Table:
    """Return all that is promised as a table for a terminal, with what has come of it so far."""
    from rich.table import Table  # noqa: PLC0415 only for those who watch
    from rich.text import Text  # noqa: PLC0415

    table = Table("", "event", "source", "messages", "beside the plan", box=None, pad_edge=False)
    for line in found.lines:
        style = STYLES[line.state]
        cells = (MARKS[line.state], line.event, line.source or "any", number(line.rows), _cell(line))
        table.add_row(*(Text(cell, style=style) for cell in cells))  # Text: names are no markup
    for event, prop, rows in found.unplanned:
        name = f"{event}.{prop}" if prop else event
        table.add_row(*(Text(cell, style="yellow") for cell in ("?", name, "", number(rows), "not in the plan")))
    return table


def _cell(line: Line) -> str:
    return "" if line.state is State.ABSENT else _judged(line)
