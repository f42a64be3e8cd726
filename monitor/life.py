"""What becomes of incidents when new verdicts come? Their life, as one pure step.

Problems with one cause are one incident (`grouping`), from its first bad bucket to recovery. One
that comes back soon after is the same again; the state database allows one open at a time of what
it is about.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from checks.base import Finding
from monitor.affected import tallied
from monitor.alerts.message import Severity
from monitor.cause import Cause, cause_of, is_whole, shared_source
from monitor.decide import KindOf, Unit, Verdict
from monitor.grouping import Trouble, by_unit, holder, joined, start_of, troubles
from monitor.incidents import RANK, Incident, Mark, Opening, Spell, State, Subject
from monitor.routing import Life

STILL_BAD = 0.01  # p below which an open incident goes on, though it would not open one
HEALTHY = {"hour": 3, "day": 2, "rule": 1}  # healthy buckets in a row that end an incident
KEPT = 50  # findings kept with an incident
AS_USUAL = Life()


def step(
    known: Iterable[Incident], verdicts: Sequence[Verdict], kind_of: KindOf, now: dt.datetime, life: Life = AS_USUAL
) -> tuple[Incident, ...]:
    """Return the incidents after these verdicts, bucket by bucket, oldest first.

    Args:
        known: the open incidents, and those that ended; one that ended lately may come back.
        verdicts: all verdicts of one window, healthy ones too: they end incidents.
        kind_of: what a finding's kind means.
        now: the end of the window, for verdicts that belong to no bucket.
        life: how long things take.

    Returns:
        the incidents that were known and those that are new, the ended ones first.
    """
    incidents = {incident.id: incident for incident in known}
    for end, batch in by_end(verdicts, now):
        changed = _Batch(incidents.values(), batch, kind_of, end, life).after()
        incidents |= {incident.id: incident for incident in changed}
    return tuple(sorted(incidents.values(), key=lambda incident: incident.is_open))


def by_end(verdicts: Sequence[Verdict], now: dt.datetime) -> Iterator[tuple[dt.datetime, list[Verdict]]]:
    """Yield verdicts by the end of their buckets, oldest first; those without a bucket belong to `now`."""
    batches: dict[dt.datetime, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        batches[verdict.finding.bucket.end if verdict.finding.bucket else now].append(verdict)
    yield from sorted(batches.items(), key=lambda item: item[0])


def open_units(incidents: Iterable[Incident]) -> set[Unit]:
    """Return what open incidents are about."""
    return {unit for incident in incidents if incident.is_open for unit in incident.held}


def _name(verdict: Verdict) -> tuple[object, ...]:
    """Return what orders the verdicts of a batch, however they came."""
    f = verdict.finding
    return f.event or "", f.property or "", f.source or "", f.check, f.kind, f.slice


@dataclass(slots=True)
class _Given:
    """What one batch says of one incident."""

    tested: list[Verdict] = field(default_factory=list)
    problems: list[Verdict] = field(default_factory=list)
    units: set[Unit] = field(default_factory=set)


class _Batch:
    """The verdicts of one bucket's end, shared out to incidents."""

    def __init__(
        self, known: Iterable[Incident], batch: Sequence[Verdict], kind_of: KindOf, end: dt.datetime, life: Life
    ) -> None:
        known = tuple(known)
        self.opened = {incident.id: incident for incident in known if incident.is_open}
        self.ended = sorted((i for i in known if not i.is_open), key=lambda i: (i.resolved or i.last_seen, i.id))
        self.groups = by_unit(sorted(batch, key=_name), kind_of)
        self.kind_of, self.end, self.life = kind_of, end, life
        self.given: dict[str, _Given] = defaultdict(_Given)

    def after(self) -> Iterator[Incident]:
        """Yield the incidents that these verdicts change or open."""
        fresh = self._continued()
        self.down = shared_source(fresh, {i.sources[0] for i in self.opened.values() if i.whole and i.sources})
        for trouble in troubles(fresh, self.kind_of):
            self._place(trouble)
        for id_, given in self.given.items():
            yield self._changed(self.opened[id_], given)

    def _continued(self) -> dict[Unit, list[Verdict]]:
        """Give to open incidents what is about them; return the rest."""
        holders: dict[Unit, list[Incident]] = defaultdict(list)
        for incident in self.opened.values():
            for unit in incident.held:
                holders[unit].append(incident)
        for unit, verdicts in self.groups.items():
            for verdict in verdicts if unit in holders else ():
                self._give(holder(verdict, holders[unit]), unit, [verdict])
        return {unit: verdicts for unit, verdicts in self.groups.items() if unit not in holders}

    def _give(self, incident: Incident, unit: Unit, verdicts: Sequence[Verdict]) -> None:
        given = self.given[incident.id]
        given.units.add(unit)
        given.tested += verdicts
        given.problems += [v for v in verdicts if v.problem and not v.finding.settled]

    def _place(self, trouble: Trouble) -> None:
        """Find the incident of a new trouble: one with the same cause, one that comes back, or a new one."""
        ended = self._ended(trouble)
        if ended and ended.by_hand and _before(trouble.first, ended.resolved):
            return  # of before somebody said that it is over
        incident = joined(trouble, self.opened.values(), self.down)
        if incident is None:
            incident = _back(ended, trouble, self.end) if ended else self._open(trouble)
            self.opened[incident.id] = incident
        self._give(incident, trouble.unit, self.groups[trouble.unit])

    def _ended(self, trouble: Trouble) -> Incident | None:
        """Return the newest incident about this that ended so lately that it is back."""
        lately = [i for i in self.ended if i.resolved and i.resolved <= self.end <= i.resolved + self.life.flap]
        subjects = {incident.subject for incident in self.opened.values()}
        ours = [i for i in lately if trouble.unit in i.held and i.subject not in subjects and not trouble.notice]
        return ours[-1] if ours else None

    def _open(self, trouble: Trouble) -> Incident:
        family, event, name = trouble.unit
        source = self.down.get(trouble.unit)
        subject = Subject(family, source=source) if source else Subject(family, event, name)
        if subject in {incident.subject for incident in self.opened.values()}:
            subject = Subject(family, event, name)  # an incident of its source that went on to others
        first = min(trouble.problems, key=lambda problem: problem.finding.p_value or 0.0)
        started = start_of(first.finding) or self.end
        digest = hashlib.sha256(f"{subject}\x1f{started.isoformat()}".encode()).hexdigest()
        return Incident(
            id=f"inc_{digest[:12]}",
            subject=subject,
            state=State.SUSPECTED if self.life.confirm else State.OPEN,
            severity=_worst(trouble.problems),
            started=started,
            last_seen=self.end,
            found=self.end,
            findings=(first.finding,),
            cost=first.cost,
            opening=Opening(first.finding, first.price, first.learned),
            units=(trouble.unit,),
            sources=tuple(sorted(trouble.sources)),
            whole=source is not None,
        )

    def _changed(self, incident: Incident, given: _Given) -> Incident:
        if not given.problems:
            return _recover(incident, given.tested, self.end)
        tested = [verdict.finding for unit in given.units for verdict in self.groups[unit]]
        cause = cause_of(tested, [problem.finding for problem in given.problems])
        units = incident.held | given.units
        seen = {v.finding.source for v in given.problems if v.finding.source}
        after = replace(
            incident,
            severity=max(incident.severity, _worst(given.problems), key=RANK.__getitem__),
            last_seen=max(incident.last_seen, self.end),  # a source that was late is judged after the others
            lowered=incident.lowered or max((problem.lowered for problem in given.problems), default=""),
            tallies=tallied(incident.tallies, [problem.finding for problem in given.problems]),
            healthy=0,
            slice=cause.slice,
            explains=cause.explains,
            findings=_newest([*incident.findings, *(p.finding for p in given.problems)], cause, self.kind_of),
            units=tuple(sorted(units, key=lambda unit: tuple(map(str, unit)))),
            sources=tuple(sorted({*incident.sources, *seen})),
            whole=incident.whole or is_whole(cause.slice.get("source"), units, self.groups),
        )
        return _confirmed(after, self.life)


def _confirmed(incident: Incident, life: Life) -> Incident:
    """Return an incident that was suspected as open, once it has lasted or is critical."""
    lasted = incident.last_seen - (incident.found or incident.started)
    if incident.state is State.SUSPECTED and (lasted >= life.confirm or incident.severity is Severity.CRITICAL):
        return replace(incident, state=State.OPEN)
    return incident


def _before(finding: Finding, at: dt.datetime | None) -> bool:
    return finding.bucket is not None and at is not None and finding.bucket.start < at


def _back(ended: Incident, trouble: Trouble, end: dt.datetime) -> Incident:
    """Return an incident that ended and is back: the same, in its own thread; what was called noise stays quiet."""
    noise = ended.mark is Mark.NOISE
    start = trouble.start or end
    return replace(
        ended,
        state=State.ACKNOWLEDGED if noise else State.OPEN,
        by=ended.by if noise else None,
        resolved=None,
        spells=(*ended.spells, Spell(ended.started, ended.last_seen)),
        started=max(start, ended.last_seen),
        last_seen=end,
        reminders=0,
        escalated=False,
        alarmed=None,
    )


def _worst(problems: Sequence[Verdict]) -> Severity:
    return max((problem.severity for problem in problems), key=RANK.__getitem__)


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
        bad = tallied(incident.tallies, [finding for finding in ours if _still_bad(finding)])
        return replace(incident, last_seen=max(incident.last_seen, end), healthy=0, tallies=bad)
    healthy = incident.healthy + 1
    if healthy < min(HEALTHY[_grain(finding)] for finding in ours):
        return replace(incident, healthy=healthy)
    return replace(incident, state=State.RESOLVED, resolved=end, healthy=healthy, until=None)


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
