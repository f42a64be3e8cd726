"""What do the windows say, judged one after the other, oldest first? Pure: live runs and replays share it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.base import Bucket, Finding
from monitor import operations
from monitor.config import Config
from monitor.decide import Verdict, decide
from monitor.incidents import Incident, State, step
from monitor.judge import judge, kind_of
from monitor.profile import Measurements, Stretch, WindowProfile

ADAPTS_AFTER = dt.timedelta(days=14)  # a changed level that lasts is learned as the new normal; silence never is


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome of judging some windows."""

    verdicts: tuple[Verdict, ...]
    incidents: tuple[Incident, ...]  # the open ones, and those that ended in these windows
    profile: WindowProfile | None  # as it was at the end of the last window


def evaluate(
    config: Config,
    measurements: Measurements,
    due: Sequence[Bucket],
    known: Sequence[Incident],
    unreadable: frozenset[str] = frozenset(),
) -> Evaluation:
    """Judge windows in order; what one finds wrong, the next does not learn from.

    Args:
        config: what to check, and the budget.
        measurements: everything measured up to the end of the last window.
        due: the windows, oldest first.
        known: the incidents that are open before.
        unreadable: events whose tables could not be read: no verdict on them.
    """
    incidents, verdicts = tuple(known), list[Verdict]()
    profile = None
    for window in due:
        profile = measurements.profile(window, tuple(stretches(incidents)))
        findings = judge(config.checks.values(), profile, config.plan)
        findings = [finding for finding in findings if finding.event not in unreadable]
        findings += operations.recovered(incidents, findings)
        new = decide(findings, config.plan, config.budget, kind_of)
        incidents = advance(incidents, new, window.end)
        verdicts += new
    return Evaluation(tuple(verdicts), incidents, profile)


def advance(incidents: Iterable[Incident], verdicts: Sequence[Verdict], now: dt.datetime) -> tuple[Incident, ...]:
    """Return all incidents after some verdicts: ended ones stay as they are."""
    incidents = tuple(incidents)
    ended = tuple(incident for incident in incidents if incident.state is State.RESOLVED)
    still_open = tuple(incident for incident in incidents if incident.state is State.OPEN)
    return (*ended, *step(still_open, verdicts, kind_of, now))


def operational(config: Config, findings: Sequence[Finding]) -> list[Verdict]:
    """Return verdicts on findings about trackwatch and the store themselves."""
    return decide(findings, config.plan, config.budget, kind_of)


def stretches(incidents: Iterable[Incident]) -> Iterable[Stretch]:
    """Yield what is not learned from, because something was wrong then."""
    for incident in incidents:
        if kind_of(incident.headline).notice:
            continue
        end = incident.resolved or incident.last_seen
        if not any(finding.kind == "stopped" for finding in incident.findings):
            end = min(end, incident.started + ADAPTS_AFTER)
        subject = incident.subject
        source = incident.slice.get("source", subject.source)
        for event in incident.events or (None,):
            yield Stretch(incident.started, end, event, source, subject.property)
