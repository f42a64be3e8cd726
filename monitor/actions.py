"""What do people do about an incident, and what becomes of it?

Whatever they use (the command line, a web page, a button in Slack), it is one action, and one
pure function applies it. Data keep the last word: an incident that was resolved by hand and
goes on is open again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from monitor.errors import UsageError
from monitor.incidents import Incident, Mark, State


class Verb(StrEnum):
    """What somebody does."""

    ACKNOWLEDGE = "acknowledge"  # has it in hand: no more reminders
    SNOOZE = "snooze"  # is not to be told of it until a time
    RESOLVE = "resolve"  # says that it is over
    NOISE = "noise"  # says that it was no problem; nobody is told more of it
    USEFUL = "useful"  # says that it was worth telling
    NOTE = "note"  # writes something down


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What one person did about one incident."""

    verb: Verb
    incident: str  # id
    by: str  # who: as the command line, Slack or the web page knows them
    via: str  # cli, slack, web
    at: dt.datetime
    until: dt.datetime | None = None  # of a snooze
    note: str = ""


def apply(incident: Incident, action: Action) -> Incident:
    """Return the incident after an action.

    Raises:
        UsageError: the action makes no sense now, such as to acknowledge what is over.
    """
    _check(incident, action)
    counted = replace(incident, actions=incident.actions + 1)
    match action.verb:
        case Verb.ACKNOWLEDGE:
            return replace(counted, state=State.ACKNOWLEDGED, by=action.by, until=None)
        case Verb.SNOOZE:
            return replace(counted, state=State.SNOOZED, by=action.by, until=action.until)
        case Verb.RESOLVE:
            return replace(counted, state=State.RESOLVED, by=action.by, until=None, resolved=action.at, healthy=0)
        case Verb.NOISE:
            quiet = replace(counted, mark=Mark.NOISE)
            return replace(quiet, state=State.ACKNOWLEDGED, by=action.by, until=None) if incident.is_open else quiet
        case Verb.USEFUL:
            return replace(counted, mark=Mark.USEFUL)
        case Verb.NOTE:
            return counted
        case _:
            assert_never(action.verb)


def replay(incident: Incident, actions: Iterable[Action]) -> Incident:
    """Return the incident after actions that came meanwhile; one that makes no sense any more is void."""
    for action in actions:
        try:
            incident = apply(incident, action)
        except UsageError:
            incident = replace(incident, actions=incident.actions + 1)
    return incident


def _check(incident: Incident, action: Action) -> None:
    if not action.by.strip():
        raise UsageError(f"who says so? {action.verb} needs a name")
    if action.verb in (Verb.ACKNOWLEDGE, Verb.SNOOZE, Verb.RESOLVE) and not incident.is_open:
        raise UsageError(f"{incident.id} is over: there is nothing to {action.verb}")
    if action.verb is Verb.ACKNOWLEDGE and (incident.state, incident.by) == (State.ACKNOWLEDGED, action.by):
        raise UsageError(f"{action.by} has acknowledged {incident.id} already")
    if action.verb is Verb.SNOOZE and (action.until is None or action.until <= action.at):
        raise UsageError(f"until when? A snooze of {incident.id} needs a time to come")
    if action.verb is Verb.NOTE and not action.note.strip():
        raise UsageError(f"a note on {incident.id} needs words")
