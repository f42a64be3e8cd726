"""What does the untouched copy come to? All that a planted fault is held against, and laid into."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from checks.base import Finding
from monitor.backtest.past import Past
from monitor.backtest.replay import Replayed, Teller, measurements_of, walked
from monitor.config import Config
from monitor.evaluate import Evaluation
from monitor.incidents import Incident
from monitor.judge import kind_of
from monitor.pipeline import composer_of
from monitor.profile import Measurements

# checks that judge each event by its own measures: what happens to another one changes nothing
ALONE = frozenset({"volume", "missing", "duplicates", "schema", "lateness", "drift", "slices", "unused", "pii"})
BESIDE = frozenset({("volume", "shift")})  # what these find is held against the other events of a source, all the same
PEERS = frozenset(check for check, _ in BESIDE)
CAUTION = dt.timedelta(days=1)  # before an onset that must be quiet, too


def is_alone(finding: Finding) -> bool:
    """Say whether a finding depends on the measures of its own event alone."""
    return finding.check in ALONE and (finding.check, finding.kind) not in BESIDE


@dataclass(slots=True)
class _Recorder(Teller):
    """Tells as a replay does, and keeps the incidents of each bucket's end."""

    states: dict[dt.datetime, tuple[Incident, ...]] = field(default_factory=dict)

    def __call__(self, incidents: tuple[Incident, ...], end: dt.datetime) -> tuple[Incident, ...]:
        """Return the incidents after the messages of that hour."""
        self.states[end] = Teller.__call__(self, incidents, end)
        return self.states[end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """The replay of the past as it was."""

    replayed: Replayed
    measurements: Measurements
    findings: dict[dt.datetime, list[Finding]]  # of checks that judge each event alone, by the end of their bucket
    states: dict[dt.datetime, tuple[Incident, ...]]  # the incidents at the end of each bucket

    def at(self, when: dt.datetime) -> tuple[Incident, ...]:
        """Return the incidents as they were at a time."""
        ends = sorted(self.states)
        place = bisect_right(ends, when)
        return self.states[ends[place - 1]] if place else ()

    def within(self, start: dt.datetime, end: dt.datetime) -> Iterator[Finding]:
        """Yield what was found of the buckets that end in (start, end]."""
        for at in (at for at in self.findings if start < at <= end):
            yield from self.findings[at]

    def is_quiet(self, about: Callable[[Finding], bool], start: dt.datetime, end: dt.datetime) -> bool:
        """Say whether nothing is wrong of something, from a day before a time until another."""
        return not any(
            (incident.resolved or end) > start - CAUTION
            and incident.begun < end
            and any(about(finding) and not kind_of(finding).notice for finding in incident.findings)
            for incident in self.replayed.incidents
        )


def untouched(
    config: Config, past: Past, span: tuple[dt.datetime, dt.datetime], on_day: Callable[[int, int], None]
) -> Untouched:
    """Replay the past as it was.

    Args:
        config: what is checked, and who is told.
        past: all measures.
        span: what is judged, from one local midnight to another.
        on_day: told how many days are judged, of how many.
    """
    since, until = span
    measurements, teller = measurements_of(config, past, until), _Recorder(config, composer_of(config))
    begin = replayed = Replayed(since=since, until=since)
    findings: dict[dt.datetime, list[Finding]] = defaultdict(list)
    for replayed, found in walked(config, measurements, begin, until, teller):
        for finding in _alone(found):
            findings[finding.bucket.end if finding.bucket else replayed.until].append(finding)
        on_day((replayed.until - since).days, (until - since).days)
    return Untouched(replayed=replayed, measurements=measurements, findings=findings, states=teller.states)


def _alone(found: Evaluation) -> Iterable[Finding]:
    return (verdict.finding for verdict in found.verdicts if is_alone(verdict.finding))
