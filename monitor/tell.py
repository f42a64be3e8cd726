"""Who must be told what, so that everybody's last message is true?

What people were last told is kept with each incident. Comparing it with what is so now gives
the messages that are due: told once when it opens, again when it gets worse, comes back or is taken
in hand, and when it is over. An incident that began and ended before anybody looked is never told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from checks.plan import Plan
from monitor.alerts.deliver import Delivery
from monitor.alerts.message import Chart, Message, Reason, Severity
from monitor.compose import Composer
from monitor.incidents import RANK, Incident, Mark, State
from monitor.routing import About, Life, Telling, hold

HANDS = {State.ACKNOWLEDGED: Reason.ACKNOWLEDGED, State.SNOOZED: Reason.SNOOZED}
TO_ALL = Telling()


@dataclass(frozen=True, slots=True)
class Told:
    """The incidents, with what people will have been told of them, and how they are told."""

    incidents: tuple[Incident, ...]
    messages: tuple[Message, ...]
    deliveries: tuple[Delivery, ...]


def due(incident: Incident, now: dt.datetime, life: Life) -> Reason | None:
    """Return why people must be told of an incident now, or None.

    What somebody has in hand is told when it gets worse and when it is over; what is snoozed or
    called noise only when it is over. Notices are for the report.
    """
    if not incident.is_open:
        return Reason.RESOLVED if incident.told else None
    if incident.state is State.SUSPECTED or RANK[incident.severity] < RANK[Severity.WARNING]:
        return None
    if incident.told is None:
        fresh = Reason.REOPENED if incident.spells and incident.messages else Reason.OPENED
        return fresh if incident.state is State.OPEN else None
    return _news(incident, now, life)


def _news(incident: Incident, now: dt.datetime, life: Life) -> Reason | None:
    """Return what is new of an open incident that people know of."""
    taken = HANDS.get(incident.state) if incident.hand != incident.believed else None
    if incident.state is State.SNOOZED or incident.mark is Mark.NOISE:
        return taken
    if incident.told is not None and RANK[incident.severity] > RANK[incident.told]:
        return Reason.WORSE
    if incident.located and incident.located != incident.told_where and taken is None:
        return Reason.LOCATED
    return _again(incident, now, life) if incident.state is State.OPEN else taken


def _again(incident: Incident, now: dt.datetime, life: Life) -> Reason | None:
    """Return why people are told again of what nobody has in hand."""
    if incident.believed is not None and incident.believed.state is State.SNOOZED:
        return Reason.REMINDER  # the snooze is over
    if incident.severity is not Severity.CRITICAL or incident.alarmed is None or incident.told_at is None:
        return None
    if life.escalate is not None and not incident.escalated and now - incident.alarmed >= life.escalate:
        return Reason.ESCALATED
    waited = now - incident.told_at >= life.remind
    return Reason.REMINDER if waited and incident.reminders < life.reminders else None


def awake(incident: Incident, now: dt.datetime) -> Incident:
    """Return the incident, in nobody's hands once its snooze is over."""
    if incident.state is State.SNOOZED and incident.until is not None and incident.until <= now:
        return replace(incident, state=State.OPEN, by=None, until=None)
    return incident


def tell(
    incidents: Iterable[Incident],
    composer: Composer,
    chart_of: Callable[[Incident], Chart | None],
    now: dt.datetime,
    channels: Sequence[str] = (),
    telling: Telling = TO_ALL,
) -> Told:  # fmt: skip
    """Return what people will have been told, the messages that are due, and one delivery for each channel."""
    after, told, deliveries = [], list[Message](), list[Delivery]()
    for incident in (awake(each, now) for each in incidents):
        reason = due(incident, now, telling.life)
        if reason is None:
            after.append(incident)
            continue
        message = composer.message(incident, reason, now, chart_of(incident))
        sent = tuple(_addressed(incident, message, composer, channels, telling))
        told.append(message)
        deliveries += sent
        audience = {*incident.audience, *(delivery.channel for delivery in sent)}
        after.append(replace(_believed(incident, reason, now), audience=tuple(sorted(audience))))
    return Told(tuple(after), tuple(told), tuple(deliveries))


def _believed(incident: Incident, reason: Reason, now: dt.datetime) -> Incident:
    """Return the incident with what people will believe of it once they are told."""
    critical = incident.severity is Severity.CRITICAL
    return replace(
        incident,
        told=None if reason is Reason.RESOLVED else incident.severity,
        believed=incident.hand,
        messages=incident.messages + 1,
        told_at=now,
        told_where=incident.where,
        alarmed=(incident.alarmed or now) if critical else None,
        reminders=incident.reminders + (reason is Reason.REMINDER),
        escalated=incident.escalated or reason is Reason.ESCALATED,
    )


def about(incident: Incident, plan: Plan) -> About:
    """Return what routes look at."""
    events = incident.events
    owners = {owner for event in events if (owner := plan.owner(event))}
    questions = {question.name for event in events for question in plan.asks(event)}
    return About(incident.severity, frozenset(events), frozenset(owners), frozenset(questions))


def _addressed(
    incident: Incident, message: Message, composer: Composer, channels: Sequence[str], telling: Telling
) -> Iterator[Delivery]:
    """Yield one delivery for each channel: those that routes say, and those that know of the incident."""
    facts = about(incident, composer.plan)
    audience = telling.audience(facts, channels)
    if message.reason is Reason.ESCALATED and telling.life.escalate_to:
        audience = dict.fromkeys(telling.life.escalate_to)
    elif message.reason is not Reason.OPENED:
        audience = {name: audience.get(name, telling.quiet) for name in {*audience, *incident.audience}}
    for name in sorted(set(audience) & set(channels)):
        held = hold(facts, audience[name], message.at, composer.zone)
        yield Delivery(id=f"{message.id}-{name}", channel=name, message=message, next_try=held)
