"""What has the same cause? Problems that began together, in the same place, are one incident.

A release that breaks four events, a country that is cut off, a property that a library stopped
to set: each is found in many tests, by the hour in which there is enough to be sure. Whoever is
told of it wants one message. So a problem joins an open incident of its family (loss, excess, …)
that began when it did, and that was seen where it is. Two faults that have nothing to do with
each other would have to begin in the same hours, in the same source, and be found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.base import Finding
from monitor.decide import KindOf, Unit, Verdict, unit_of
from monitor.incidents import Incident

TOLERANCE = dt.timedelta(hours=6)  # by which starts may differ, beside what is not known of them
DAY = dt.timedelta(days=1)
LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One unit that went wrong, and is in no open incident."""

    unit: Unit
    problems: Sequence[Verdict]
    notice: bool

    @property
    def first(self) -> Finding:
        """Return the clearest finding."""
        return min((problem.finding for problem in self.problems), key=lambda f: f.p_value or 0.0)

    @property
    def sources(self) -> frozenset[str]:
        """Return where it is a problem; empty: only in the sum."""
        return frozenset(v.finding.source for v in self.problems if v.finding.source)

    @property
    def start(self) -> dt.datetime | None:
        """Return when it began, as far as that is known; None: no test of time."""
        return start_of(self.first)


def start_of(finding: Finding) -> dt.datetime | None:
    """Return when what a finding is about began."""
    return finding.since or (finding.bucket.start if finding.bucket else None)


def slack(finding: Finding) -> dt.timedelta:
    """Return by how much the start of a finding may be wrong: all that it looks at, a day at most."""
    start = start_of(finding)
    if finding.bucket is None or start is None:
        return dt.timedelta()
    return min(finding.bucket.end - start, DAY)


def troubles(groups: Mapping[Unit, Sequence[Verdict]], kind_of: KindOf) -> list[Trouble]:
    """Return what is wrong of some units, the first to begin first: whatever order the verdicts came in."""
    found = []
    for unit, verdicts in groups.items():
        problems = [v for v in verdicts if v.problem and not v.finding.settled]
        if problems:
            found.append(Trouble(unit, problems, all(kind_of(v.finding).notice for v in problems)))
    return sorted(found, key=lambda t: (t.start is None, t.start or LAST, tuple(map(str, t.unit))))


def joined(trouble: Trouble, opened: Iterable[Incident], down: Mapping[Unit, str]) -> Incident | None:
    """Return the open incident that a trouble is part of, the oldest of several.

    Args:
        trouble: something new.
        opened: the open incidents.
        down: units that are down only because their source is, and that source.
    """
    fitting = [each for each in opened if _fits(trouble, each, down.get(trouble.unit))]
    return min(fitting, key=lambda each: (each.started, each.id), default=None)


def _fits(trouble: Trouble, incident: Incident, down: str | None) -> bool:
    family, event, name = trouble.unit
    if trouble.notice or event is None or incident.subject.family != family:
        return False
    if down is not None and incident.whole and incident.sources == (down,):
        return True  # its source is known to be down
    alike = any(known is not None and (known == event or of == name) for _, known, of in incident.held)
    return alike and _same_place(trouble, incident) and _same_start(trouble, incident)


def _same_place(trouble: Trouble, incident: Incident) -> bool:
    return not trouble.sources or not incident.sources or not trouble.sources.isdisjoint(incident.sources)


def _same_start(trouble: Trouble, incident: Incident) -> bool:
    if trouble.start is None or start_of(incident.headline) is None:
        return False
    unsure = max(slack(trouble.first), min((slack(f) for f in incident.findings), default=dt.timedelta()))
    return abs(trouble.start - incident.started) <= TOLERANCE + unsure


def by_unit(verdicts: Iterable[Verdict], kind_of: KindOf) -> dict[Unit, list[Verdict]]:
    """Return verdicts by what they are about."""
    groups: dict[Unit, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(unit_of(verdict.finding, kind_of), []).append(verdict)
    return groups


def holder(verdict: Verdict, holders: Sequence[Incident]) -> Incident:
    """Return which of several incidents about one unit a verdict belongs to: the oldest that was seen in its source."""
    source = verdict.finding.source
    fitting = [each for each in holders if source is None or source in each.sources or not each.sources]
    return min(fitting or holders, key=lambda each: (not each.whole if not fitting else False, each.started, each.id))
