"""What does an incident say to people? What is wrong, since when, how far off, how sure, where, whose, and what now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from zoneinfo import ZoneInfo

from checks.base import Finding, Kind
from checks.plan import Plan
from checks.words import between, change, number, share
from monitor.affected import affected
from monitor.alerts.message import Block, Bullets, Chart, Facts, Link, Message, Reason, Text
from monitor.config import Budget
from monitor.decide import KindOf
from monitor.incidents import ADAPTS_AFTER, Incident, Mark
from monitor.stores.base import Statement

AGAIN = {
    Reason.REMINDER: "It goes on, and nobody has it in hand.",
    Reason.ESCALATED: "It is critical, and nobody has acknowledged it.",
    Reason.REOPENED: "It was over, and is back.",
}
MORE = 8  # further findings that an alert lists
MOST_OWNERS = 5  # that an alert calls, of an incident of many events


@dataclass(frozen=True, slots=True)
class Composer:
    """What is the same for all messages of an installation."""

    plan: Plan
    kind_of: KindOf
    zone: ZoneInfo
    budget: Budget
    base_url: str | None = None
    sql_of: Callable[[Incident], Sequence[Statement]] | None = None  # what marks the rows of an incident in the store

    def message(self, incident: Incident, reason: Reason, now: dt.datetime, chart: Chart | None = None) -> Message:
        """Return what to tell about an incident."""
        headline = incident.headline
        kind = self.kind_of(headline)
        return Message(
            id=f"{incident.id}-{incident.messages + 1}-{reason.name.lower()}",
            incident=incident.id,
            reason=reason,
            severity=incident.severity,
            title=self.title(incident),
            summary=self._summary(incident, reason, headline, now),
            blocks=tuple(self._blocks(incident, headline, kind, reason, now)),
            at=now.astimezone(self.zone),
            mention=self._owners(incident),
            chart=chart,
        )

    def title(self, incident: Incident) -> str:
        """Return what is wrong in a few words, such as `Checkout Started stopped on ios`."""
        headline = incident.headline
        where = _place(incident)
        if incident.whole or (incident.subject.event is None and incident.subject.source):
            return f"{incident.subject.source or incident.sources[0]}: {len(incident.events)} events stopped together"
        subject = ".".join(each for each in (headline.event, headline.property) if each) or "The store"
        title = self.kind_of(headline).title.format(subject=subject, check=headline.property or headline.check)
        return title + where + _others(incident)

    def _summary(self, incident: Incident, reason: Reason, headline: Finding, now: dt.datetime) -> str:
        if reason is Reason.LOCATED:
            return f"It lies in {_where(incident).removeprefix('only ')}. {headline.text}"
        if reason in AGAIN:
            return f"{AGAIN[reason]} {headline.text}"
        if reason in (Reason.ACKNOWLEDGED, Reason.SNOOZED):
            return f"{standing(incident, self.zone)}. {headline.text}"
        if reason is not Reason.RESOLVED:
            return headline.text
        if incident.by_hand:
            return f"{standing(incident, self.zone)}. If it goes on, it is opened again."
        rows = affected(incident.tallies) or abs(headline.rows)
        lost = f" About {number(rows)} messages are affected." if rows else ""
        return f"{_over(headline, (incident.resolved or now) - incident.started)}{lost}"

    def _blocks(
        self, incident: Incident, headline: Finding, kind: Kind, reason: Reason, now: dt.datetime
    ) -> Iterator[Block]:
        yield Facts(tuple(self._facts(incident, headline, now)))
        questions = self.plan.asks(headline.event)
        if questions:
            yield Text("**Answers that you cannot trust meanwhile**")
            yield Bullets(tuple(f"{q.ask} ({q.owner})" if q.owner else q.ask for q in questions))
        others = [f for f in incident.findings if f is not headline and f.text][:MORE]
        if others:
            yield Text("**Also seen**")
            yield Bullets(tuple(finding.text for finding in others))
        if reason is not Reason.RESOLVED:
            yield Text(f"**What to do next:** {kind.advice}")
        if reason is Reason.RESOLVED and self.sql_of:
            yield from _marked(incident, self.sql_of(incident))
        if self.base_url:
            yield Link("Open the incident", f"{self.base_url.rstrip('/')}/incidents/{incident.id}")

    def _facts(self, incident: Incident, headline: Finding, now: dt.datetime) -> Iterator[tuple[str, str]]:
        lasted = ago((incident.resolved or now) - incident.begun)
        yield "Since", f"{clock(incident.begun, self.zone)} ({lasted})"
        if headline.observed is not None and headline.expected is not None:
            yield "Observed", amount(headline, headline.observed)
            yield "Expected", expected(headline)
        if headline.p_value is not None:
            yield "How sure", self._sure(headline.p_value, incident.cost)
        if incident.where:
            yield "Where", _where(incident)
        if incident.nearby:
            yield "Changed then", "; ".join(f"{self._day(n.at)}: {n.what}" for n in incident.nearby)
        if owners := self._owners(incident):
            yield "Owner", owners
        if incident.lowered:
            yield "Lowered", incident.lowered
        if (said := standing(incident, self.zone)) and incident.is_open:
            yield "In hand", said

    def _owners(self, incident: Incident) -> str | None:
        """Return who answers for what is wrong, by commas; the owner of what is clearest first."""
        asked = (self.plan.owner(event) for event in (incident.headline.event, *incident.events))
        owners = dict.fromkeys(name.strip() for owner in asked if owner for name in owner.split(","))
        return ", ".join(islice(owners, MOST_OWNERS)) or None

    def _day(self, at: dt.datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{local:%a} {local.day} {local:%b}"

    def _sure(self, p_value: float, cost: float | None) -> str:
        chance = f"by chance {odds(p_value)}"
        if cost is None:
            return chance
        weekly = number(self.budget.false_alerts_per_week)
        return f"{chance}; rarer than {odds(cost)} is told (budget: {weekly} false alert{'s' * (weekly != '1')} a week)"


def _over(headline: Finding, lasted: dt.timedelta) -> str:
    """Say that it is over; of what could be learned meanwhile, that it may only have become usual."""
    if headline.p_value is None or headline.kind == "stopped" or lasted < ADAPTS_AFTER:
        return f"Back to normal after {ago(lasted)}."
    return f"As expected again after {ago(lasted)}: it is as before, or how it is now has become what is usual."


def _marked(incident: Incident, queries: Sequence[Statement]) -> Iterator[Block]:
    """Yield the query that marks the rows of the time and place of an incident."""
    if queries:
        yield Text(f"**SQL that marks its rows:** {' '.join(queries[0].sql.split())}")
    if len(queries) > 1:
        yield Text(f"The same for {len(queries) - 1} more: trackwatch incidents show {incident.id}")


def standing(incident: Incident, zone: ZoneInfo) -> str:
    """Return who has an incident in hand, such as `Snoozed by Ann until Tue 3 Mar, 09:00`; empty: nobody has."""
    if incident.by is None or not (incident.is_open or incident.by_hand):
        return ""
    noise = ", as noise" if incident.mark is Mark.NOISE else ""
    until = f" until {clock(incident.until, zone)}" if incident.until else ""
    return f"{incident.state.capitalize()} by {incident.by}{noise}{until}"


def clock(at: dt.datetime, zone: ZoneInfo) -> str:
    """Return a time as a message says it, such as `Tue 3 Mar, 09:00`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def odds(p_value: float) -> str:
    """Return a p-value as people say it.

    >>> odds(0.00004), odds(0.2), odds(1e-40)
    ('once in 25,000', 'once in 5', 'less than once in a billion')
    """
    if p_value < 1e-9:
        return "less than once in a billion"
    return f"once in {number(round(1 / p_value, -2) if p_value < 0.001 else round(1 / p_value))}"


def ago(length: dt.timedelta) -> str:
    """Return a length of time in its largest sensible unit.

    >>> ago(dt.timedelta(hours=30)), ago(dt.timedelta(days=3, hours=2)), ago(dt.timedelta(minutes=61))
    ('30 hours', '3 days', '1 hour')
    """
    hours = max(round(length / dt.timedelta(hours=1)), 1)
    amount, unit = (hours, "hour") if hours < 48 else (round(hours / 24), "day")
    return f"{amount} {unit}{'s' * (amount != 1)}"


def is_share(finding: Finding) -> bool:
    """Say whether observed and expected are shares of messages: then the effect is their difference."""
    values = (finding.observed, finding.expected, finding.high)
    return finding.effect is not None and all(v is None or 0 <= v <= 1 for v in values) and bool(finding.rows)


def amount(finding: Finding, value: float) -> str:
    """Return what was observed, and how far off that is."""
    if is_share(finding):
        return f"{share(value)} of messages"
    effect = f" ({change(finding.effect)})" if finding.effect is not None else ""
    return f"{number(value)}{effect}"


def expected(finding: Finding) -> str:
    """Return what is usual."""
    if is_share(finding):
        return f"at most {share(finding.high if finding.high is not None else finding.expected or 0.0)}"
    if finding.low is None or finding.high is None:
        return number(finding.expected or 0.0)
    return between(finding.low, finding.high)


def _others(incident: Incident) -> str:
    """Return what else is concerned, as a title says it: `, and 3 more events with it`."""
    more = len(incident.events) - 1
    if more > 0:
        return f", and {more} more event{'s' * (more != 1)} with it"
    more = len(incident.held) - 1
    return f", and {more} more propert{'ies' if more != 1 else 'y'} with it" if more > 0 else ""


def _place(incident: Incident) -> str:
    """Return the slice as a title says it: ` on web, browser Safari`."""
    parts = [f"{name.replace('_', ' ')} {value}" for name, value in incident.where.items() if name != "source"]
    source = incident.where.get("source")
    where = ", ".join(([source] if source else []) + parts)
    return f" on {where}" if where else ""


def _where(incident: Incident) -> str:
    names = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in incident.where.items())
    if incident.explains is None or incident.explains >= 0.995:
        return f"only {names}"
    return f"{names}, which holds {share(incident.explains)} of it"
