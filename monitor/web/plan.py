"""What is promised, and what of it comes? All events, to search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from checks.plan import CALLS, Plan, PlannedEvent
from monitor.calendar import floor_day
from monitor.incidents import RANK, Incident
from monitor.inventory import NAME, Inventory
from monitor.plan.write import plan_text
from monitor.web.site import Site, site

blueprint = Blueprint("plan", __name__)

DAYS = 28  # of which the small bars show the messages
PAGE = 100  # events on a page


@dataclass(frozen=True, slots=True)
class Listed:
    """An event in the list."""

    name: str
    planned: PlannedEvent | None
    days: tuple[float, ...]  # messages of each of the last DAYS days
    incidents: tuple[Incident, ...]  # the open ones

    @property
    def unplanned(self) -> bool:
        """Say whether it came without being planned; calls such as identify are no events."""
        return self.planned is None and self.name not in CALLS

    @property
    def owner(self) -> str:
        """Return who answers for it; empty: nobody."""
        return (self.planned.owner or "") if self.planned else ""


@blueprint.get("/plan")
def browse() -> ResponseReturnValue:
    """List all events that are planned or came; a word finds those that say it anywhere in the plan."""
    here, words = site(), request.args.get("q", "").strip()
    found = [name for name in _names(here) if _says(here.config.plan, name, words)]
    start = max(request.args.get("from", 0, type=int), 0)
    return render_template(
        "plan.html.j2",
        events=list(_listed(here, found[start : start + PAGE])),
        count=len(found),
        start=start,
        page=PAGE,
        words=words,
        plan=here.config.plan,
        bars=bars,
    )


def inventory(here: Site) -> Inventory | None:
    """Return what the store held when it was last asked; None: it never was."""

    def read() -> Inventory | None:
        found = here.memory.snapshot(NAME)
        return Inventory.from_json(found[1]) if found else None

    return here.remembered("inventory", read)


def written(here: Site, name: str) -> str:
    """Return an event as the plan says it, in YAML."""
    event = here.config.plan.events[name]
    return plan_text(Plan(events={name: event}))


def bars(days: tuple[float, ...], apart: int = 4, height: int = 24) -> list[tuple[int, float, float]]:
    """Return left, top and height [px] of a bar for each day, `apart` px from one to the next."""
    top = max(days, default=0.0) or 1.0
    tall = [round(height * max(value, 0.0) / top, 1) for value in days]
    return [(apart * i, round(height - each, 1), each) for i, each in enumerate(tall)]


def _names(here: Site) -> list[str]:
    """Return the planned events in the plan's order, and those that came without being planned."""
    stock = inventory(here)
    came = [name for name, held in stock.events.items() if held.rows] if stock else []
    return list(dict.fromkeys((*here.config.plan.events, *sorted(came, key=str.casefold))))


def _says(plan: Plan, name: str, words: str) -> bool:
    event = plan.events.get(name)
    parts = [name]
    if event:
        asked = (plan.questions[each].ask for each in event.answers)
        inner = (f"{path} {prop.description}" for path, prop in event.everything())
        parts += [event.description, event.owner or "", event.action, event.priority, *event.sources, *asked, *inner]
    text = " ".join(parts).casefold()
    return all(word in text for word in words.casefold().split())


def _listed(here: Site, names: list[str]) -> Iterator[Listed]:
    volumes = here.remembered("volumes", lambda: _volumes(here))
    still = sorted(here.memory.incidents(), key=lambda incident: -RANK[incident.severity])
    for name in names:
        mine = tuple(incident for incident in still if name in incident.events)
        yield Listed(name, here.config.plan.events.get(name), volumes.get(name, (0.0,) * DAYS), mine)


def _volumes(here: Site) -> dict[str, tuple[float, ...]]:
    """Return the messages of each event in each of the last days that are over."""
    progress = here.memory.progress()
    until = floor_day(progress.judged_until if progress else here.now(), here.zone)
    starts = [floor_day(until - dt.timedelta(days=i, hours=-12), here.zone) for i in range(DAYS, 0, -1)]
    edges = np.array([int(at.timestamp()) for at in starts])
    points = here.memory.shelf.volumes(starts[0], until)
    found: dict[str, np.ndarray] = {}
    for event, bucket, value in zip(points["event"], points["bucket"], points["value"], strict=True):
        series = found.setdefault(event, np.zeros(DAYS))
        series[int(np.searchsorted(edges, bucket, side="right")) - 1] += value
    return {event: tuple(series.tolist()) for event, series in found.items()}
