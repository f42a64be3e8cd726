"""What happened to an incident, one thing after the other? What data said, what people did, and what was told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.actions import Action, Verb
from monitor.history.outbox import Entry
from monitor.incidents import Incident
from monitor.web.site import Site
from monitor.web.words import when

DONE = {
    Verb.ACKNOWLEDGE: "has it in hand",
    Verb.SNOOZE: "snoozed it",
    Verb.RESOLVE: "said that it is over",
    Verb.NOISE: "said that it was noise",
    Verb.USEFUL: "said that it was useful",
    Verb.NOTE: "wrote",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: dt.datetime
    what: str
    note: str = ""


def timeline(here: Site, incident: Incident) -> list[Moment]:
    """Return what happened, the newest first."""
    actions = here.memory.actions(incident.id)
    messages = here.memory.outbox.listed(incident=incident.id)
    found = [*_itself(incident), *map(_action, actions), *map(_message, messages)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _itself(incident: Incident) -> Iterator[Moment]:
    yield Moment(incident.started, "It began", incident.opening.finding.text if incident.opening else "")
    if incident.resolved and not incident.by:
        yield Moment(incident.resolved, "Data were back to normal")


def _action(action: Action) -> Moment:
    until = f" until {when(action.until)}" if action.until else ""
    via = "" if action.via == "web" else f", by {action.via}"
    return Moment(action.at, f"{action.by} {DONE[action.verb]}{until}{via}", action.note)


def _message(entry: Entry) -> Moment:
    ended = entry.ended or entry.created
    return Moment(ended, f"Message to {entry.channel}, {entry.state}: {entry.reason}", entry.why)
