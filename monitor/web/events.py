"""What do we know of one event: what came, what was promised, what is wrong, who answers for it?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from checks.plan import CALLS, PlannedEvent, PlannedProperty
from monitor import changes
from monitor.inventory import HeldEvent, HeldProperty
from monitor.web import charts
from monitor.web.incidents import ordered
from monitor.web.plan import stock, written
from monitor.web.site import site

LONG = dt.timedelta(days=365)  # for which an event's page remembers its incidents

blueprint = Blueprint("events", __name__)


@dataclass(frozen=True, slots=True)
class Property:
    """A property as it was promised and as it comes. None: not planned, or not there."""

    name: str
    planned: PlannedProperty | None
    held: HeldProperty | None
    empty: float | None  # share of the messages without a value


@blueprint.get("/events")
def by_query() -> ResponseReturnValue:
    """Show an event whose name cannot be a part of an address; without one, the plan."""
    name = request.args.get("name")
    return event(name) if name is not None else redirect(url_for("plan.browse"))


@blueprint.get("/events/<path:name>")
def event(name: str) -> ResponseReturnValue:
    """Show one event."""
    here = site()
    plan = here.config.plan
    planned, known = plan.events.get(name), stock(here)
    held = known.of(name) if known else None
    if planned is None and held is None:
        abort(404, "No event of that name is planned, and none has come.")
    mine = [each for each in here.memory.incidents(here.now() - LONG, about=name) if name in each.events]
    return render_template(
        "event.html.j2",
        name=name,
        calls=CALLS,
        planned=planned,
        held=held,
        stock=known,
        properties=list(_properties(planned, held)),
        chart=charts.of_event(here, name, mine) if held else None,
        incidents=ordered(mine),
        questions=plan.asks(name),
        changes=[change for change in plan.changes if change.event == name],
        altered=changes.remembered(here.memory.snapshot(changes.NAME)).of(name),
        text=written(here, name) if planned else "",
    )


def _properties(planned: PlannedEvent | None, held: HeldEvent | None) -> Iterator[Property]:
    """Yield all properties, the planned ones in the plan's order first."""
    promised = planned.properties if planned else {}
    there = held.properties if held else {}
    rows = held.rows if held else 0
    for name in dict.fromkeys((*promised, *sorted(there))):
        found = there.get(name)
        empty = max(1 - found.values / rows, 0.0) if found and rows else None
        yield Property(name, promised.get(name), found, empty)
