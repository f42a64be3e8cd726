"""What do the windows say, judged one after the other, oldest first? Pure: live runs and replays share it."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from checks.base import Bucket, Finding
from checks.plan import Plan
from monitor import operations
from monitor.alerts.message import Severity
from monitor.config import Budget, CheckConfig, Config
from monitor.cycles import uncollected
from monitor.decide import Verdict, decide
from monitor.gate import Due
from monitor.incidents import ADAPTS_AFTER, Incident
from monitor.judge import judge, kind_of
from monitor.learned import learned_of
from monitor.life import AS_USUAL, by_end, open_units, step
from monitor.locate import looked_at
from monitor.profile import Measurements, Stretch, WindowProfile
from monitor.routing import Life
from monitor.severity import lower

After = Callable[[tuple[Incident, ...], dt.datetime], tuple[Incident, ...]]
Judged = Callable[[Sequence[CheckConfig], WindowProfile, Plan], list[Finding]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome of judging some windows."""

    verdicts: tuple[Verdict, ...]
    incidents: tuple[Incident, ...]  # those known before, as they are now, and new ones
    profile: WindowProfile | None  # all that was known at the end of the last window, for charts


@dataclass(frozen=True, slots=True)
class Replaying:
    """What a replay does in the middle of an evaluation, and a live run does not."""

    after: After = lambda incidents, _end: incidents  # what becomes of the incidents at the end of each bucket
    judged: Judged = judge  # what some checks find in a window


LIVE = Replaying()


def evaluate(
    config: Config,
    measurements: Measurements,
    due: Sequence[Due],
    known: Sequence[Incident],
    unreadable: frozenset[str] = frozenset(),
    replaying: Replaying = LIVE,
) -> Evaluation:
    """Judge windows in order; what one finds wrong, the next does not learn from.

    Args:
        config: what to check, and the budget.
        measurements: everything measured up to the end of the last window.
        due: the windows, oldest first, each with the sources that are judged in it.
        known: the incidents that are open before, and those of the past that is learned from.
        unreadable: events whose tables could not be read: no verdict on them.
        replaying: what else happens in between.
    """
    incidents, verdicts = tuple(known), list[Verdict]()
    waiting = deque(due)
    while waiting:
        window = waiting.popleft()
        profile = measurements.profile(window.bucket, tuple(stretches(incidents)), window.known)
        with uncollected():
            judged = replaying.judged(
                [c for c in config.checks.values() if window.judges(c.name)], profile, config.plan
            )
            found = _decided(config, profile, window, incidents, judged, unreadable)
        for end, batch in by_end(found, window.bucket.end):
            before, incidents = incidents, replaying.after(advance(incidents, batch, end, config.telling.life), end)
            verdicts += batch
            if end < window.bucket.end and _open(before) != _open(incidents):
                # from here on the past looks different: judge the rest as a run at this hour would
                waiting.appendleft(replace(window, bucket=Bucket(end, window.bucket.end)))
                break
    shown = _shown(measurements, due, incidents)
    located = shown and (due[-1].judges("slices") or "slices" not in config.checks)  # else its measures are older
    return Evaluation(tuple(verdicts), looked_at(incidents, shown, config) if shown and located else incidents, shown)


def _shown(measurements: Measurements, due: Sequence[Due], incidents: Sequence[Incident]) -> WindowProfile | None:
    """Return all that is known at the end of the last window, what incidents spoilt left in place."""
    spoilt = tuple(replace(stretch, over=False) for stretch in stretches(incidents))
    return measurements.profile(due[-1].bucket, spoilt, due[-1].known) if due else None


def _decided(
    config: Config,
    profile: WindowProfile,
    window: Due,
    incidents: Sequence[Incident],
    judged: Sequence[Finding],
    unreadable: frozenset[str],
) -> list[Verdict]:
    measurements = profile.everything
    findings = [finding for finding in judged if finding.event not in unreadable]
    findings += _sound_again(config, window, incidents, findings)
    budget = replace(config.budget, parts=window.parts)
    if window.fresh is not None:
        findings = [f for f in findings if _is_due(f.event, f.source, window, measurements, f.beside)]
        budget = _part_of(budget, window, measurements)
    verdicts = decide(findings, config.plan, budget, kind_of, open_units(incidents))
    verdicts = [_lowered(verdict, config.telling.demoted) for verdict in verdicts]
    return [_with_history(v, config, profile, incidents) if v.problem else v for v in verdicts]


def _sound_again(
    config: Config, window: Due, incidents: Sequence[Incident], findings: Sequence[Finding]
) -> list[Finding]:
    """Return that checks no longer crash, of those that judged."""
    others = {name for name in config.checks if not window.judges(name)}
    return [f for f in operations.recovered(incidents, findings, "check_crashed") if f.property not in others]


def _lowered(verdict: Verdict, demoted: Mapping[str, str]) -> Verdict:
    """Take a step off the severity of what a check finds that is mostly noise."""
    why = demoted.get(verdict.finding.check)
    if not why or not verdict.problem or verdict.severity is Severity.INFO:
        return verdict
    return replace(verdict, severity=lower(verdict.severity), lowered=f"from {verdict.severity}, because only {why}")


def _with_history(verdict: Verdict, config: Config, profile: WindowProfile, incidents: Sequence[Incident]) -> Verdict:
    """Say which history a problem was held against."""
    spoilt = [(f"incident {i.id}", stretch) for i in incidents for stretch in stretches([i])]
    return replace(verdict, learned=learned_of(verdict.finding, profile, kind_of, spoilt, config.exclusions))


def _is_due(
    event: str | None, source: str | None, window: Due, measurements: Measurements, beside: tuple[str, ...] = ()
) -> bool:
    """Say whether all that a finding depends on is complete now, and was not before: it is made once."""
    everything = frozenset(source for _, source in measurements.first) | (window.fresh or frozenset())
    needs = frozenset({source}) if source is not None else measurements.sources(event or "") or everything
    needs = needs.union(beside)
    if any(window.known.get(each, window.bucket.end) < window.bucket.end for each in needs):
        return False
    return not needs.isdisjoint(window.fresh or needs)


def _part_of(budget: Budget, window: Due, measurements: Measurements) -> Budget:
    """Return the budget of those series that are judged now: those of one bucket share it, whenever they come."""
    series = [*measurements.first, *((event, None) for event in {event for event, _ in measurements.first})]
    due = sum(_is_due(event, source, window, measurements) for event, source in series)
    return replace(budget, false_alerts_per_week=budget.false_alerts_per_week * due / max(len(series), 1))


def _open(incidents: Iterable[Incident]) -> set[tuple[str, bool]]:
    return {(incident.id, incident.is_open) for incident in incidents}


def advance(
    incidents: Iterable[Incident], verdicts: Sequence[Verdict], now: dt.datetime, life: Life = AS_USUAL
) -> tuple[Incident, ...]:
    """Return all incidents after some verdicts."""
    return step(incidents, verdicts, kind_of, now, life)


def operational(config: Config, findings: Sequence[Finding]) -> list[Verdict]:
    """Return verdicts on findings about trackwatch and the store themselves."""
    return decide(findings, config.plan, config.budget, kind_of)


def stretches(incidents: Iterable[Incident]) -> Iterator[Stretch]:
    """Yield what is not learned from, because something was wrong then: volumes, shares, or both."""
    for incident in incidents:
        for volume in {kind_of(finding).volume for finding in incident.findings if _spoils(finding)}:
            yield from _stretches(incident, volume=volume)


def _spoils(finding: Finding) -> bool:
    kind = kind_of(finding)
    return kind.spoils and not kind.notice


def _stretches(incident: Incident, *, volume: bool) -> Iterator[Stretch]:
    end = incident.last_seen
    if not any(finding.kind == "stopped" for finding in incident.findings):
        end = min(end, incident.started + ADAPTS_AFTER)
    source = incident.slice.get("source", incident.subject.source)
    for _, event, name in sorted(incident.held, key=str):
        for spell in incident.spells:
            yield Stretch(spell.start, spell.end, event, source, name, volume, over=True)
        yield Stretch(incident.started, end, event, source, name, volume, over=not incident.is_open)
