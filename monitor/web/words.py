"""How are times, lengths and names said on a page?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask import url_for

from checks.words import number, share
from monitor.compose import ago, standing
from monitor.incidents import Incident
from monitor.report.look import clock
from monitor.web.site import site

AWKWARD = ("/", ".")  # beginnings that browsers and servers take for parts of an address


def when(at: dt.datetime) -> str:
    """Return a time as people read it here: `Mon 2 Mar, 08:20`; with the year, where that is another."""
    local = at.astimezone(site().zone)
    year = f" {local.year}" if local.year != site().now().astimezone(site().zone).year else ""
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def day(at: dt.datetime | dt.date) -> str:
    """Return a day: `Mon 2 Mar 2026`."""
    local = at.astimezone(site().zone) if isinstance(at, dt.datetime) else at
    return f"{local:%a} {local.day} {local:%b %Y}"


def machine(at: dt.datetime) -> str:
    """Return a time for programs, as `<time datetime>` wants it."""
    return at.astimezone(site().zone).isoformat(timespec="minutes")


def lasted(incident: Incident) -> str:
    """Return how long an incident has been going on, or went on."""
    return ago((incident.resolved or site().now()) - incident.started)


def hand(incident: Incident) -> str:
    """Return who has an incident in hand, such as `acknowledged by Ann`; empty: nobody."""
    return standing(incident, site().zone)


def event_url(name: str) -> str:
    """Return where an event's page is, whatever its name."""
    if not name or name.startswith(AWKWARD) or "//" in name or "/." in name:
        return url_for("events.by_query", name=name)
    return url_for("events.event", name=name)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 incident`, `2 incidents`."""
    return f"{number(count)} {noun}{'s' * (count != 1)}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "when": when,
    "day": day,
    "machine": machine,
    "lasted": lasted,
    "hand": hand,
    "ago": ago,
    "number": number,
    "share": share,
    "event_url": event_url,
    "plural": plural,
    "clock": clock,
}
