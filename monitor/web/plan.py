"""What is promised, and what of it comes? All events, to search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from checks.plan import CALLS, Plan, PlannedEvent
from monitor.calendar import floor_day
from monitor.incidents import RANK, Incident
from monitor.inventory import NAME, HeldEvent, Inventory
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


@dataclass(frozen=True, slots=True)
class Stock:
    """What the store held when it was last asked; an event is read only when it is looked at."""

    since: dt.datetime
    events: Mapping[str, Any]  # as the snapshot keeps them

    def of(self, name: str) -> HeldEvent | None:
        """Return one event; None: the store has no place for it."""
        if name not in self.events:
            return None
        one = {"since": self.since, "until": self.since, "events": {name: self.events[name]}}
        return Inventory.from_json(one).events[name]


def stock(here: Site) -> Stock | None:
    """Return what the store held; None: it was never asked."""

    def read() -> Stock | None:
        found = here.memory.snapshot(NAME)
        return Stock(dt.datetime.fromisoformat(found[1]["since"]), found[1]["events"]) if found else None

    return here.remembered("stock", read)


def written(here: Site, name: str) -> str:
    """Return an event as the plan says it, in YAML."""
    event = here.config.plan.events[name]
    return plan_text(Plan(events={name: event}))


def bars(days: tuple[float, ...], apart: int = 4, wide: int = 3, height: int = 24) -> str:
    """Return a bar for each day as one path of SVG, `apart` px from one to the next.

    >>> bars((1.0, 2.0))
    'M0 24v-12.0h3v12.0zM4 24v-24.0h3v24.0z'
    """
    top = max(days, default=0.0) or 1.0
    tall = [round(height * max(value, 0.0) / top, 1) for value in days]
    return "".join(f"M{apart * i} {height}v-{each}h{wide}v{each}z" for i, each in enumerate(tall))


def volumes(here: Site) -> dict[str, tuple[float, ...]]:
    """Return the messages of each event in each of the last DAYS days that are over."""
    return _listing(here).days


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the list of events shows beside the plan."""

    came: list[str]  # events of which there is any message
    days: dict[str, tuple[float, ...]]


def _listing(here: Site) -> _Listing:
    def make() -> dict[str, Any]:
        held = stock(here)
        came = [name for name, each in held.events.items() if any(each["sources"].values())] if held else []
        return {"came": sorted(came, key=str.casefold), "days": _volumes(here)}

    return here.remembered("listing", lambda: _Listing(**here.kept("listing", make)))


def _names(here: Site) -> list[str]:
    """Return the planned events in the plan's order, and those that came without being planned."""
    return list(dict.fromkeys((*here.config.plan.events, *_listing(here).came)))


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
    days = volumes(here)
    mine: dict[str, list[Incident]] = {}
    for incident in sorted(here.memory.incidents(), key=lambda incident: -RANK[incident.severity]):
        for name in incident.events:
            mine.setdefault(name, []).append(incident)
    for name in names:
        seen = tuple(days.get(name, (0.0,) * DAYS))
        yield Listed(name, here.config.plan.events.get(name), seen, tuple(mine.get(name, ())))


def _volumes(here: Site) -> dict[str, tuple[float, ...]]:
    progress = here.memory.progress()
    until = floor_day(progress.judged_until if progress else here.now(), here.zone)
    starts = [floor_day(until - dt.timedelta(days=i, hours=-12), here.zone) for i in range(DAYS, 0, -1)]
    edges = np.array([int(at.timestamp()) for at in starts])
    points = here.memory.shelf.volumes(starts[0], until)
    groups = points.groupby("event", sort=False)
    table = np.zeros((groups.ngroups, DAYS))
    column = np.searchsorted(edges, points["bucket"].to_numpy(), side="right") - 1
    np.add.at(table, (groups.ngroup().to_numpy(), column), points["value"].to_numpy())
    return dict(zip(groups.size().index.tolist(), map(tuple, table.tolist()), strict=True))
