"""What does the report of a week say, before anybody decides how it looks?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.base import Bucket
from checks.plan import Plan, Priority
from monitor.alerts.message import Severity
from monitor.compose import Composer
from monitor.incidents import RANK, Incident, State
from monitor.judge import kind_of
from monitor.report.losses import Days, event_weeks
from monitor.report.score import EventWeek, Score, together
from monitor.report.week import Week

if TYPE_CHECKING:
    import pandas as pd

SLIGHT, GRAVE = (
    0.01,
    0.1,
)  # shares of an event's messages that were lost: from which on an answer needs care, or is none
MOST_TODO = 5
UNOWNED = "nobody"


class Trust(StrEnum):
    """Whether this week's answer to a question can be trusted."""

    YES = "yes"
    CARE = "with care"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident as the report tells it."""

    id: str
    title: str
    text: str
    severity: Severity
    open: bool
    started: dt.datetime  # local
    lasted: dt.timedelta
    owner: str
    events: tuple[str, ...]
    taken: float  # points of the score
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an answer can be trusted, and if not, because of which incidents."""

    question: str  # its name in the plan
    ask: str
    owner: str
    trust: Trust
    score: Score
    because: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event in the table of events."""

    event: str
    priority: Priority
    owner: str
    days: tuple[float, ...]  # messages of each day of the week
    before: float  # messages of an average week before
    lost: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The week of one workspace."""

    workspace: str
    week: Week
    zone: str
    made: dt.datetime
    score: Score
    before: tuple[float | None, ...]  # scores of the weeks before, the newest last
    verdicts: tuple[Verdict, ...]
    opened: tuple[Told, ...]  # in the week, and those still open, the gravest first
    repaired: tuple[Told, ...]
    cleanup: tuple[str, ...]
    rows: tuple[Row, ...]
    owners: Mapping[str, Score]
    unwatched: tuple[str, ...]  # planned, and nothing came of them
    budget: float  # false alerts a week
    alerts: int  # incidents that were told in the week
    base_url: str | None = None

    @property
    def todo(self) -> tuple[Told, ...]:
        """Return what to do this week: what is still open and takes most."""
        still = [told for told in self.opened if told.open]
        return tuple(sorted(still, key=lambda told: (-told.taken, -RANK[told.severity], told.started))[:MOST_TODO])

    @property
    def sentence(self) -> str:
        """Return the verdict of the week in one sentence."""
        bad = [v for v in self.verdicts if v.trust is not Trust.YES]
        if not self.verdicts:
            return f"{len([t for t in self.opened if t.open])} incidents are open."
        if not bad:
            return f"All {len(self.verdicts)} questions can be answered with this week's data."
        none = sum(v.trust is Trust.NO for v in bad)
        some = len(bad) - none
        parts = [f"{none} cannot be answered" if none else "", f"{some} only with care" if some else ""]
        return f"Of {len(self.verdicts)} questions, {' and '.join(part for part in parts if part)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is remembered of a week and of those before it."""

    week: Week
    zone: ZoneInfo
    points: pd.DataFrame
    incidents: tuple[Incident, ...]
    workspace: str
    budget: float
    base_url: str | None


def report(facts: Facts, plan: Plan, composer: Composer, made: dt.datetime, owner: str | None = None) -> Report:
    """Return the report of a week; with `owner`, of the events that they answer for alone."""
    mine = _plan_of(plan, owner)
    weeks = [_weigh(facts, back, plan, mine, owner) for back in range(3, -1, -1)]
    events, score = weeks[-1], together(weeks[-1])
    touching = _within(facts.incidents, facts.week.span(facts.zone))
    alarms = [i for i in touching if _is_alarm(i) and _concerns(i, mine, owner)]
    told = [_told(incident, composer, facts, score) for incident in alarms]
    return Report(
        workspace=facts.workspace,
        week=facts.week,
        zone=facts.zone.key,
        made=made.astimezone(facts.zone),
        score=score,
        before=tuple(together(week).value for week in weeks[:-1]),
        verdicts=_verdicts(plan, mine, events, told),
        opened=_ordered(each for each in told if each.open),
        repaired=_ordered(each for each in told if not each.open),
        cleanup=tuple(_notice(i, composer) for i in touching if not _is_alarm(i)),
        rows=_rows(events, Days(facts.points, facts.week, facts.zone), plan),
        owners=_owners(events, plan),
        unwatched=tuple(name for name in mine.events if name not in {each.event for each in events}),
        budget=facts.budget,
        alerts=sum(each.started >= facts.week.span(facts.zone).start for each in told),
        base_url=facts.base_url,
    )


def _plan_of(plan: Plan, owner: str | None) -> Plan:
    if owner is None:
        return plan
    return Plan(questions=plan.questions, events={n: e for n, e in plan.events.items() if e.owner == owner})


def _weigh(facts: Facts, back: int, plan: Plan, mine: Plan, owner: str | None) -> tuple[EventWeek, ...]:
    week = facts.week.back(back)
    alarms = [i for i in _within(facts.incidents, week.span(facts.zone)) if _is_alarm(i)]
    weighed = event_weeks(Days(facts.points, week, facts.zone), alarms, plan)
    return tuple(each for each in weighed if owner is None or each.event in mine.events)


def _within(incidents: Iterable[Incident], span: Bucket) -> list[Incident]:
    return [i for i in incidents if i.started < span.end and (i.resolved or i.last_seen) > span.start]


def _notice(incident: Incident, composer: Composer) -> str:
    """Return what the clean-up says of an incident; an alarm that is told only here says why."""
    text = incident.headline.text or composer.title(incident)
    return f"{text} (Lowered {incident.lowered}.)" if incident.lowered else text


def _is_alarm(incident: Incident) -> bool:
    return not kind_of(incident.headline).notice


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


def _owners(events: Sequence[EventWeek], plan: Plan) -> dict[str, Score]:
    groups: dict[str, list[EventWeek]] = {}
    for each in events:
        groups.setdefault(plan.owner(each.event) or UNOWNED, []).append(each)
    scores = {owner: together(group) for owner, group in groups.items()}
    return dict(sorted(scores.items(), key=lambda pair: pair[1].value if pair[1].value is not None else 101))
