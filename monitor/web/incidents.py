"""What is wrong, since when, how was it decided, and what has been done about it?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from monitor.alerts.message import Reason
from monitor.incidents import RANK, Incident
from monitor.reasons import reasons
from monitor.web import charts
from monitor.web.site import Site, site
from monitor.web.timeline import timeline

blueprint = Blueprint("incidents", __name__)

FOREVER = dt.datetime.fromtimestamp(0, tz=dt.UTC)
PAGE = 100  # incidents on a page


@blueprint.get("/incidents")
def listed() -> ResponseReturnValue:
    """List incidents: the open ones, or those that a filter in the address names."""
    here, wanted = site(), request.args.get("state", "open")
    words = request.args.get("q", "").strip()
    since = None if wanted == "open" else FOREVER
    found = [each for each in here.memory.incidents(since) if _is(each, wanted) and _says(here, each, words)]
    start = max(request.args.get("from", 0, type=int), 0)
    return render_template(
        "incidents.html.j2",
        incidents=ordered(found)[start : start + PAGE],
        count=len(found),
        start=start,
        page=PAGE,
        state=wanted,
        words=words,
    )


@blueprint.get("/incidents/<name>")
def incident(name: str) -> ResponseReturnValue:
    """Show one incident."""
    here = site()
    known = find(here, name)
    beside = here.memory.incidents(known.started - here.config.store.history, about=known.headline.event)
    reason = Reason.RESOLVED if not known.is_open else Reason.OPENED
    return render_template(
        "incident.html.j2",
        incident=known,
        message=here.composer.message(known, reason, here.now()),
        reasons=list(reasons(known, here.composer)),
        chart=charts.of_incident(here, known, beside),
        moments=timeline(here, known),
    )


def find(here: Site, name: str) -> Incident:
    """Return an incident, or answer that there is none."""
    found = here.memory.incident(name)
    if found is None:
        abort(404, f"No incident is called {name}. It may be of another workspace, or older than what is kept.")
    return found


def _is(incident: Incident, wanted: str) -> bool:
    return {"open": incident.is_open, "resolved": not incident.is_open}.get(wanted, True)


def _says(here: Site, incident: Incident, words: str) -> bool:
    owner = here.config.plan.owner(incident.headline.event) or ""
    text = " ".join((here.composer.title(incident), owner, incident.id, *incident.events)).casefold()
    return all(word in text for word in words.casefold().split())


def ordered(incidents: Iterable[Incident]) -> list[Incident]:
    """Return open ones before those that are over; of the open the gravest first, of the others the newest."""
    return sorted(
        incidents,
        key=lambda each: (
            not each.is_open,
            -RANK[each.severity] if each.is_open else 0,
            -each.started.timestamp(),
        ),
    )
