"""How is the report of a week made from what is remembered? Pure."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.base import Bucket
from checks.plan import Plan, Priority
from monitor.compose import Composer, standing
from monitor.detectability import Detectability
from monitor.incidents import RANK, Incident, State
from monitor.judge import kind_of
from monitor.operations import NAME
from monitor.report.cleanup import CleanUp, cleanup_list
from monitor.report.content import UNOWNED, Lengths, Monitor, Part, Report, Row, Told, Trust, Undecided, Verdict
from monitor.report.coverage import coverage
from monitor.report.losses import Days, event_weeks
from monitor.report.score import EventWeek, Score, by_source, together, worst_first
from monitor.report.week import Week

if TYPE_CHECKING:
    import pandas as pd

    from checks.base import Usage
    from monitor.inventory import Inventory

SLIGHT, GRAVE = 0.01, 0.1  # shares of an event's messages lost, from which on an answer needs care, or is none
TREND = 7  # weeks before, whose scores are shown
NAMES = ("unplanned", "naming")  # checks that find names about which somebody has to decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is remembered of a week and of those before it."""

    week: Week
    zone: ZoneInfo
    points: pd.DataFrame
    incidents: tuple[Incident, ...]
    workspace: str
    base_url: str | None
    monitor: Monitor  # as far as it does not depend on the incidents
    inventory: Inventory | None = None  # what the store holds
    usage: Usage | None = None  # what anybody reads of it
    seen: Detectability | None = None  # how small a change of each event would be told
    judged: dt.datetime | None = None  # up to when everything was judged


def report(facts: Facts, plan: Plan, composer: Composer, made: dt.datetime, owner: str | None = None) -> Report:
    """Return the report of a week; with `owner`, of the events that they answer for alone."""
    mine = _plan_of(plan, owner)
    days = Days(facts.points, facts.week, facts.zone, TREND)
    weeks = [_weigh(facts, days.back(back), back, plan, mine, owner) for back in range(TREND, -1, -1)]
    events, score = weeks[-1], together(weeks[-1])
    span = facts.week.span(facts.zone)
    touching = [i for i in _within(facts.incidents, span) if _concerns(i, mine, owner)]
    alarms = [i for i in touching if _is_alarm(i)]
    told = _ordered(_told(incident, composer, facts, score) for incident in alarms)
    opened = tuple(each for each in told if each.open)
    before = [together(week).value for week in weeks[:-1]]
    known = next((i for i, value in enumerate(before) if value is not None), len(before))
    removable = tuple(
        each
        for each in cleanup_list(touching, plan, facts.inventory, facts.usage)
        if owner is None or each.event in mine.events
    )
    return Report(
        workspace=facts.workspace,
        week=facts.week,
        zone=facts.zone.key,
        made=made.astimezone(facts.zone),
        score=score,
        before=tuple(before[known:]),
        verdicts=_verdicts(plan, mine, events, told),
        opened=opened,
        repaired=tuple(each for each in told if not each.open),
        notices=tuple(_notice(i, composer) for i in touching if _is_other(i, removable)),
        rows=_rows(events, days, plan),
        owners=_owners(events, plan, opened),
        sources=tuple(Part(name=name, score=part) for name, part in by_source(events).items()),
        monitor=replace(facts.monitor, alerts=_alerts(alarms, span), until=_until(facts, span)),
        detected=_lengths((i.found or i.started) - i.started for i in alarms if span.start <= i.started),
        resolved=_lengths(i.resolved - i.started for i in alarms if i.resolved and i.resolved < span.end),
        removable=removable,
        undecided=tuple(_undecided(i, composer, facts.zone) for i in touching if _waits(i)),
        coverage=coverage(mine, facts.seen, {each.event for each in events}, _unreadable(touching)),
        base_url=facts.base_url,
        owner=owner,
        names={each.id: each.title for each in told if each.id in score.taken},
    )


def _plan_of(plan: Plan, owner: str | None) -> Plan:
    if owner is None:
        return plan
    return Plan(
        questions=plan.questions, events={n: e for n, e in plan.events.items() if (e.owner or UNOWNED) == owner}
    )


def _weigh(facts: Facts, days: Days, back: int, plan: Plan, mine: Plan, owner: str | None) -> tuple[EventWeek, ...]:
    span = facts.week.back(back).span(facts.zone)
    weighed = event_weeks(days, [i for i in _within(facts.incidents, span) if _is_alarm(i)], plan)
    return tuple(each for each in weighed if owner is None or each.event in mine.events)


def _within(incidents: Iterable[Incident], span: Bucket) -> list[Incident]:
    return [i for i in incidents if i.started < span.end and (i.resolved or i.last_seen) > span.start]


def _notice(incident: Incident, composer: Composer) -> str:
    """Return what the clean-up says of an incident; an alarm that is told only here says why."""
    text = incident.headline.text or composer.title(incident)
    return f"{text} (Lowered {incident.lowered}.)" if incident.lowered else text


def _is_alarm(incident: Incident) -> bool:
    return not kind_of(incident.headline).notice


def _waits(incident: Incident) -> bool:
    """Say whether an incident is about a name that somebody has to decide about."""
    return incident.is_open and incident.headline.check in NAMES and not _is_alarm(incident)


def _is_other(incident: Incident, removable: Iterable[CleanUp]) -> bool:
    """Say whether an incident can wait, and neither what can be removed nor what must be decided speaks of it."""
    place = incident.headline.event, incident.headline.property
    spoken = any(place == (each.event, each.property) for each in removable)
    return not _is_alarm(incident) and not spoken and not _waits(incident)


def _concerns(incident: Incident, mine: Plan, owner: str | None) -> bool:
    return owner is None or any(event in mine.events for event in incident.events)


def _told(incident: Incident, composer: Composer, facts: Facts, score: Score) -> Told:
    headline = incident.headline
    end = min(incident.resolved or facts.week.span(facts.zone).end, facts.week.span(facts.zone).end)
    ended = incident.state is State.RESOLVED and incident.resolved and incident.resolved <= end
    return Told(
        id=incident.id,
        title=composer.title(incident),
        text=headline.text,
        severity=incident.severity,
        open=not ended,
        started=incident.started.astimezone(facts.zone),
        lasted=end - incident.started,
        owner=composer.plan.owner(headline.event) or UNOWNED,
        events=incident.events,
        taken=score.taken.get(incident.id, 0.0),
        advice=kind_of(headline).advice,
        hand=standing(incident, facts.zone),
    )


def _ordered(told: Iterable[Told]) -> tuple[Told, ...]:
    return tuple(sorted(told, key=lambda each: (-RANK[each.severity], -each.taken, each.started)))


def _verdicts(plan: Plan, mine: Plan, events: Sequence[EventWeek], told: Sequence[Told]) -> tuple[Verdict, ...]:
    found = []
    for name, question in plan.questions.items():
        needed = {event.name for event in mine.events.values() if name in event.answers}
        if needed:
            weighed = [each for each in events if each.event in needed]
            because = tuple(each for each in told if needed & set(each.events))
            trust = _trust(weighed, because)
            owner = question.owner or UNOWNED
            score = together(weighed)
            found.append(
                Verdict(question=name, ask=question.ask, owner=owner, trust=trust, score=score, because=because)
            )
    order = list(Trust)
    return tuple(sorted(found, key=lambda verdict: -order.index(verdict.trust)))


def _trust(events: Sequence[EventWeek], because: Sequence[Told]) -> Trust:
    """Say whether an answer can be trusted: by the worst of the events that it needs."""
    worst = max((each.lost for each in events), default=0.0)
    if worst >= GRAVE or not events:
        return Trust.NO
    return Trust.CARE if worst >= SLIGHT or because else Trust.YES


def _rows(events: Sequence[EventWeek], days: Days, plan: Plan) -> tuple[Row, ...]:
    rows = []
    for each in events:
        series = days.of(each.event, "rows")
        rows.append(
            Row(
                event=each.event,
                priority=each.priority,
                owner=plan.owner(each.event) or UNOWNED,
                days=tuple(series[-7:].tolist()),
                before=float(series[:-7].sum()) / (len(series) / 7 - 1),
                lost=each.lost,
                score=each.score,
            )
        )
    order = list(Priority)
    return tuple(sorted(rows, key=lambda row: (-row.lost, order.index(row.priority), row.event)))


def _owners(events: Sequence[EventWeek], plan: Plan, opened: Sequence[Told]) -> tuple[Part, ...]:
    """Return each owner with the score of their events and what is open, the worst first."""
    groups: dict[str, list[EventWeek]] = {}
    for each in events:
        groups.setdefault(plan.owner(each.event) or UNOWNED, []).append(each)
    theirs: dict[str, list[str]] = {}
    for told in opened:
        theirs.setdefault(told.owner, []).append(told.id)
    scores = worst_first({name: together(groups.get(name, ())) for name in dict.fromkeys((*groups, *theirs))})
    parts = [Part(name=name, score=score, open=tuple(theirs.get(name, ()))) for name, score in scores.items()]
    return tuple(sorted(parts, key=lambda part: not part.open))


def _undecided(incident: Incident, composer: Composer, zone: ZoneInfo) -> Undecided:
    text = incident.headline.text or composer.title(incident)
    return Undecided(incident=incident.id, text=text, since=incident.started.astimezone(zone))


def _lengths(found: Iterable[dt.timedelta]) -> Lengths:
    """Return the median and the longest of some lengths of time."""
    known = sorted(found)
    if not known:
        return Lengths()
    middle = statistics.median(each.total_seconds() for each in known)
    return Lengths(count=len(known), median=dt.timedelta(seconds=middle), longest=known[-1])


def _alerts(alarms: Iterable[Incident], span: Bucket) -> int:
    """Return how many incidents were found in a week and told."""
    return sum(span.start <= (each.found or each.started) < span.end and each.messages > 0 for each in alarms)


def _until(facts: Facts, span: Bucket) -> dt.datetime | None:
    """Return up to when the week was judged; None: to its end."""
    return facts.judged.astimezone(facts.zone) if facts.judged and facts.judged < span.end else None


def _unreadable(incidents: Iterable[Incident]) -> set[str]:
    """Return the events whose tables cannot be read."""
    kinds = [(i.headline.event, i.headline.kind) for i in incidents if i.is_open and i.headline.check == NAME]
    return {event for event, kind in kinds if event and kind == "table_unreadable"}
