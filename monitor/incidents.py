"""What is wrong now, since when, and is it over? The life of an incident, as one pure step.

Findings about one subject are one incident, from its first bad bucket to recovery. A later
problem of the same subject is a new incident; the state database allows one open at a time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from checks.base import Finding
from monitor.account import Learned, Price
from monitor.alerts.message import Severity
from monitor.cause import Cause, cause_of, shared_source
from monitor.decide import KindOf, Unit, Verdict, unit_of

RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
STILL_BAD = 0.01  # p below which an open incident goes on, though it would not open one
HEALTHY = {"hour": 3, "day": 2, "rule": 1}  # healthy buckets in a row that end an incident
KEPT = 50  # findings kept with an incident


class State(StrEnum):
    """Where an incident is in its life. All but the last are open: something is wrong."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody has it in hand
    SNOOZED = "snoozed"  # nobody is to be told of it for a while
    RESOLVED = "resolved"


class Mark(StrEnum):
    """What people said of an incident."""

    NOISE = "noise"
    USEFUL = "useful"


@dataclass(frozen=True, slots=True)
class Hand:
    """Who has an incident in hand."""

    state: State
    by: str | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What an incident is about. Event None: a whole source, or the store."""

    family: str
    event: str | None = None
    property: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        """Return a stable text, the key in the state database."""
        return "\x1f".join((self.family, self.event or "", self.property or "", self.source or ""))


@dataclass(frozen=True, slots=True)
class Opening:
    """The finding that opened an incident, what it cost, and which history it was held against."""

    finding: Finding
    price: Price | None = None  # None: a broken rule, which costs nothing
    learned: Learned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that is wrong, from first bad bucket to recovery, with all findings that it explains."""

    id: str
    subject: Subject
    state: State = State.OPEN
    severity: Severity
    started: dt.datetime
    last_seen: dt.datetime
    resolved: dt.datetime | None = None
    healthy: int = 0  # healthy buckets in a row since it was last seen
    slice: Mapping[str, str] = field(default_factory=dict)
    explains: float | None = None  # share of the loss or excess that lies in the slice
    findings: tuple[Finding, ...] = ()  # the newest of each kind and place, best first
    cost: float | None = None  # the p-value that would just have opened it
    opening: Opening | None = field(default=None, compare=False)  # a note; None: opened before this was kept
    told: Severity | None = (
        None  # as what people believe it to be open; None: they do not know of it, or that it is over
    )
    believed: Hand | None = None  # in whose hands people believe it to be, of one that they were told of
    messages: int = 0  # how many were told of it
    by: str | None = None  # who acknowledged, snoozed or resolved it; None: nobody did
    until: dt.datetime | None = None  # of a snooze
    mark: Mark | None = None
    actions: int = 0  # how many actions of people are in it

    @property
    def hand(self) -> Hand:
        """Return who has it in hand."""
        return Hand(self.state, self.by, self.until)

    @property
    def is_open(self) -> bool:
        """Return whether something is still wrong, whoever has it in hand."""
        return self.state is not State.RESOLVED

    @property
    def events(self) -> tuple[str, ...]:
        """Return the events that it is about."""
        named = {finding.event for finding in self.findings} | {self.subject.event}
        return tuple(sorted(event for event in named if event))

    @property
    def headline(self) -> Finding:
        """Return the finding that says it best."""
        return self.findings[0]


def step(
    known: Iterable[Incident], verdicts: Sequence[Verdict], kind_of: KindOf, now: dt.datetime
) -> tuple[Incident, ...]:
    """Return the incidents after these verdicts, bucket by bucket, oldest first.

    Args:
        known: the open incidents.
        verdicts: all verdicts of one window, healthy ones too: they end incidents.
        kind_of: what a finding's kind means.
        now: the end of the window, for verdicts that belong to no bucket.

    Returns:
        the incidents that were known and those that are new; resolved ones included.
    """
    opened = {incident.subject: incident for incident in known}
    ended: list[Incident] = []
    for end, batch in by_end(verdicts, now):
        after = _judge(opened, batch, kind_of, end)
        ended += [incident for incident in after if not incident.is_open]
        opened = {incident.subject: incident for incident in after if incident.is_open}
    return (*ended, *opened.values())


def by_end(verdicts: Sequence[Verdict], now: dt.datetime) -> Iterator[tuple[dt.datetime, list[Verdict]]]:
    """Yield verdicts by the end of their buckets, oldest first; those without a bucket belong to `now`."""
    batches: dict[dt.datetime, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        batches[verdict.finding.bucket.end if verdict.finding.bucket else now].append(verdict)
    yield from sorted(batches.items(), key=lambda item: item[0])


def _judge(
    opened: Mapping[Subject, Incident], batch: Sequence[Verdict], kind_of: KindOf, end: dt.datetime
) -> list[Incident]:
    by_subject = _by_subject(batch, kind_of, opened)
    after = []
    for subject, verdicts in by_subject.items():
        problems = [verdict for verdict in verdicts if verdict.problem and not verdict.finding.settled]
        incident = opened.get(subject)
        if problems:
            incident = incident or _open(subject, problems, end)
            after.append(_continue(incident, problems, verdicts, kind_of, end))
        elif incident:
            after.append(_recover(incident, verdicts, end))
    return after + [incident for subject, incident in opened.items() if subject not in by_subject]


def _by_subject(
    batch: Sequence[Verdict], kind_of: KindOf, opened: Mapping[Subject, Incident]
) -> dict[Subject, list[Verdict]]:
    groups: dict[Subject, list[Verdict]] = defaultdict(list)
    for verdict in batch:
        groups[_subject(verdict.finding, kind_of)].append(verdict)
    silenced = {subject.source for subject in opened if subject.source}
    merged: dict[Subject, list[Verdict]] = defaultdict(list)
    sources = shared_source({str(subject): verdicts for subject, verdicts in groups.items()}, silenced)
    for subject, verdicts in groups.items():
        source = sources.get(str(subject))
        merged[Subject(subject.family, source=source) if source else subject] += verdicts
    for incident in opened.values():
        if incident.subject.source:
            merged[incident.subject] += _healthy_of(incident, groups)
    return merged


def _healthy_of(incident: Incident, groups: Mapping[Subject, Sequence[Verdict]]) -> list[Verdict]:
    """Return what is well again of the events that went wrong with their source: it ends the source's incident."""
    subject = incident.subject
    ours = [
        v for s, group in groups.items() if s.family == subject.family and s.event in incident.events for v in group
    ]
    return [verdict for verdict in ours if verdict.finding.source == subject.source and not verdict.problem]


def _subject(finding: Finding, kind_of: KindOf) -> Subject:
    return Subject(*unit_of(finding, kind_of))


def open_units(incidents: Iterable[Incident]) -> set[Unit]:
    """Return the subjects of open incidents; of one about a whole source, each event that it took along."""
    return {
        (incident.subject.family, event, incident.subject.property)
        for incident in incidents
        if incident.is_open
        for event in incident.events or (None,)
    }


def _continue(
    incident: Incident,
    problems: Sequence[Verdict],
    verdicts: Sequence[Verdict],
    kind_of: KindOf,
    end: dt.datetime,
) -> Incident:
    cause = cause_of([verdict.finding for verdict in verdicts], [problem.finding for problem in problems])
    return replace(
        incident,
        severity=max(incident.severity, _worst(problems), key=RANK.__getitem__),
        last_seen=max(incident.last_seen, end),  # a source that was late is judged after the others
        healthy=0,
        slice=cause.slice,
        explains=cause.explains,
        findings=_newest([*incident.findings, *(problem.finding for problem in problems)], cause, kind_of),
    )


def _worst(problems: Sequence[Verdict]) -> Severity:
    return max((problem.severity for problem in problems), key=RANK.__getitem__)


def _open(subject: Subject, problems: Sequence[Verdict], end: dt.datetime) -> Incident:
    first = min(problems, key=lambda problem: problem.finding.p_value or 0.0)
    bucket = first.finding.bucket
    started = first.finding.since or (bucket.start if bucket else end)
    digest = hashlib.sha256(f"{subject}\x1f{started.isoformat()}".encode()).hexdigest()
    return Incident(
        id=f"inc_{digest[:12]}",
        subject=subject,
        severity=_worst(problems),
        started=started,
        last_seen=end,
        cost=first.cost,
        opening=Opening(first.finding, first.price, first.learned),
    )


def _newest(findings: Iterable[Finding], cause: Cause, kind_of: KindOf) -> tuple[Finding, ...]:
    """Keep the newest finding of each kind and place: causes before symptoms, and the slice before the rest."""
    newest = {(f.check, f.kind, f.event, f.source, f.slice, f.property): f for f in findings}
    source = cause.slice.get("source")
    ordered = sorted(newest.values(), key=lambda f: (kind_of(f).symptom, f.source != source, f.p_value or 0.0))
    return tuple(ordered[:KEPT])


def _recover(incident: Incident, verdicts: Sequence[Verdict], end: dt.datetime) -> Incident:
    """Count a healthy bucket, or see that the incident goes on although nothing is significant by itself."""
    ours = [verdict.finding for verdict in verdicts if _of_incident(verdict.finding, incident)]
    if not ours:
        return incident
    if any(_still_bad(finding) for finding in ours):
        return replace(incident, last_seen=max(incident.last_seen, end), healthy=0)
    healthy = incident.healthy + 1
    if healthy < min(HEALTHY[_grain(finding)] for finding in ours):
        return replace(incident, healthy=healthy)
    return replace(incident, state=State.RESOLVED, resolved=end, healthy=healthy)


def _grain(finding: Finding) -> str:
    if finding.p_value is None or finding.bucket is None:
        return "rule"
    return "hour" if finding.bucket.end - finding.bucket.start <= dt.timedelta(hours=1) else "day"


def _of_incident(finding: Finding, incident: Incident) -> bool:
    """Say whether a finding is about a kind and place that the incident has been seen in."""
    place = (finding.check, finding.kind, finding.source, finding.slice)
    return any(place == (f.check, f.kind, f.source, f.slice) for f in incident.findings)


def _still_bad(finding: Finding) -> bool:
    if finding.settled is not None:
        return not finding.settled
    return finding.relevant and (finding.p_value is None or finding.p_value < STILL_BAD)
