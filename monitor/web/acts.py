"""Somebody presses a button: what is done, and who is told?"""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from monitor.acting import act
from monitor.actions import Action, Verb
from monitor.alerts.deliver import deliver
from monitor.errors import TrackwatchError, UsageError
from monitor.web import access
from monitor.web.incidents import find
from monitor.web.site import Site, site

blueprint = Blueprint("acts", __name__)

LONGEST = 2_000  # characters of a note
LENGTHS = {"1d": dt.timedelta(days=1), "1w": dt.timedelta(weeks=1)}
SAID = {
    Verb.ACKNOWLEDGE: "You have it in hand: no more reminders.",
    Verb.SNOOZE: "Snoozed.",
    Verb.RESOLVE: "Resolved. If it goes on, it is opened again.",
    Verb.NOISE: "Noted as noise: it counts against its check.",
    Verb.USEFUL: "Noted as useful: it counts for its check.",
    Verb.NOTE: "Written down.",
}

_log = logging.getLogger(__name__)
_telling = ThreadPoolExecutor(1, thread_name_prefix="telling")  # a channel that is slow keeps no page waiting


@blueprint.post("/incidents/<name>")
def press(name: str) -> ResponseReturnValue:
    """Do what a button of an incident's page says."""
    here = site()
    incident = find(here, name)
    try:
        action = _action(here, incident.id)
        act(here.config, here.memory, action)
    except UsageError as error:
        flash(str(error), "warning")
    else:
        flash(SAID[action.verb], "resolved")
        _telling.submit(_tell, here)
    return redirect(url_for("incidents.incident", name=incident.id), 303)


def _action(here: Site, incident: str) -> Action:
    verb, _, length = request.form.get("verb", "").partition(" ")
    if verb not in list(Verb):
        raise UsageError("that is not something that can be done with an incident")
    who, now = access.person(), here.now()
    return Action(
        verb=Verb(verb),
        incident=incident,
        by=who.name if who else "",
        via="web",
        at=now,
        until=_until(here, length) if verb == Verb.SNOOZE else None,
        note=request.form.get("note", "").strip()[:LONGEST],
    )


def _until(here: Site, length: str) -> dt.datetime | None:
    if length in LENGTHS:
        return here.now() + LENGTHS[length]
    try:
        until = dt.datetime.fromisoformat(request.form.get("until", ""))
    except ValueError:
        return None  # the action itself says what it wants instead
    return until.replace(tzinfo=here.zone).astimezone(dt.UTC)


def _tell(here: Site) -> None:
    try:
        deliver(here.memory.outbox, here.config.channels, here.now(), here.config.delivery)
    except TrackwatchError as error:
        _log.error("%s; the next evaluation will try again", error)
    except Exception:  # noqa: BLE001 the next evaluation delivers what this one could not
        _log.exception("this delivery failed; the next evaluation will try again")
