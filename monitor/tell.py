"""Who must be told what, so that everybody's last message is true?

What people were last told is kept with each incident. Comparing it with what is so now gives
the messages that are due: told once when it opens, again when it gets worse, and when it is
over. An incident that began and ended before anybody looked is never told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from monitor.alerts.deliver import Delivery
from monitor.alerts.message import Chart, Message, Reason, Severity
from monitor.compose import Composer
from monitor.incidents import RANK, Incident, State

HANDS = {State.ACKNOWLEDGED: Reason.ACKNOWLEDGED, State.SNOOZED: Reason.SNOOZED}


def due(incident: Incident) -> Reason | None:
    """Return why people must be told of an incident now, or None."""
    if RANK[incident.severity] < RANK[Severity.WARNING]:
        return None  # notices are for the report
    if incident.state is State.RESOLVED:
        return Reason.RESOLVED if incident.told else None
    if incident.told is None:
        return Reason.OPENED
    if RANK[incident.severity] > RANK[incident.told]:
        return Reason.WORSE
    return HANDS.get(incident.state) if incident.hand != incident.believed else None


def messages(
    incidents: Iterable[Incident], composer: Composer, chart_of: Callable[[Incident], Chart | None], now: dt.datetime
) -> tuple[tuple[Incident, ...], tuple[Message, ...]]:
    """Return the incidents, with what people will have been told, and the messages that are due."""
    after, told = [], []
    for incident in incidents:
        reason = due(incident)
        if reason:
            told.append(composer.message(incident, reason, now, chart_of(incident)))
        after.append(_believed(incident, reason))
    return tuple(after), tuple(told)


def _believed(incident: Incident, reason: Reason | None) -> Incident:
    """Return the incident with what people will believe of it once they are told."""
    if reason is None:
        return incident
    told = None if reason is Reason.RESOLVED else incident.severity
    return replace(incident, told=told, believed=incident.hand, messages=incident.messages + 1)


def address(told: Iterable[Message], channels: Sequence[str]) -> tuple[Delivery, ...]:
    """Return one delivery of each message for each channel."""
    return tuple(
        Delivery(id=f"{message.id}-{channel}", channel=channel, message=message)
        for message in told
        for channel in channels
    )
