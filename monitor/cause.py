"""Where does a problem lie: in one source, or everywhere?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from checks.base import Finding
from monitor.decide import Unit, Verdict

SHARED_BY = 3  # events that must go wrong together before a source, not an event, is the subject
SHARED_PART = 0.6  # and the part of the source's expected volume that they make up
DOWN = {"stopped", "drop"}
EVIDENT = 0.01  # p below which another source goes wrong too; what is above is noise, of which every source has some


@dataclass(frozen=True, slots=True)
class Cause:
    """The smallest slice that holds a problem, and which share of the loss or excess it holds."""

    slice: Mapping[str, str] = field(default_factory=dict)
    explains: float | None = None


def cause_of(tested: Sequence[Finding], problems: Sequence[Finding]) -> Cause:
    """Return what a problem is confined to: one of several sources that were tested, and a part of its messages.

    Args:
        tested: all findings about the subject in one bucket, healthy ones too.
        problems: those that are problems.
    """
    parts = [finding for finding in problems if finding.slice]
    if parts and len(parts) == len(problems):
        worst = max(parts, key=lambda finding: finding.rows)
        return Cause({"source": worst.source or "", **dict(worst.slice)}, None)
    sources = {finding.source for finding in tested if finding.source}
    rows: dict[str, float] = defaultdict(float)
    for finding in problems:
        if finding.source:
            rows[finding.source] = max(rows[finding.source], abs(finding.rows))
    if not rows:
        return Cause()
    if len(sources) == 1:
        return Cause({"source": next(iter(sources))}, 1.0)
    if len(rows) > 1:
        return Cause()
    source = next(iter(rows))
    clearest = min((f for f in problems if f.source == source), key=lambda f: f.p_value or 0.0)
    lost = abs(clearest.rows)
    total = lost + sum(abs(finding.rows) for finding in _alike(tested, clearest))
    return Cause({"source": source}, lost / total if total else None)


def _alike(tested: Sequence[Finding], problem: Finding) -> list[Finding]:
    """Return the findings that say the same of other sources, over as long a time; what does not matter is noise."""

    def what(finding: Finding) -> tuple[object, ...]:
        span = finding.bucket and finding.bucket.end - finding.bucket.start
        return finding.check, finding.kind, finding.slice, span

    others = (f for f in tested if f.source not in (None, problem.source) and what(f) == what(problem))
    return [f for f in others if f.relevant and (f.p_value is None or f.p_value < EVIDENT)]


def shared_source(groups: Mapping[Unit, Sequence[Verdict]], silenced: Collection[str]) -> dict[Unit, str]:
    """Return, for each unit that goes down only because its source does, that source.

    A source is the cause when at least SHARED_BY events go down on it alone, and they make up at
    least SHARED_PART of what was expected from it; or when it is known to be down already.
    """
    down = {name: source for name, verdicts in groups.items() if (source := _only_down_on(verdicts))}
    expected: dict[str, dict[Unit, float]] = defaultdict(dict)
    for name, verdicts in groups.items():
        for verdict in verdicts:
            if verdict.finding.kind == "drop" and verdict.finding.source:
                expected[verdict.finding.source][name] = verdict.finding.expected or 0.0
    causes = {
        source for source in set(down.values()) if source in silenced or _is_shared(source, down, expected[source])
    }
    return {name: source for name, source in down.items() if source in causes}


def is_whole(source: str | None, units: Collection[Unit], groups: Mapping[Unit, Sequence[Verdict]]) -> bool:
    """Say whether units that are down on a source make up most of what was expected from it."""
    if source is None or len(units) < SHARED_BY:
        return False
    drops = [(unit, v.finding) for unit, verdicts in groups.items() for v in verdicts if _drop_on(v, source)]
    due = {unit: finding.expected or 0.0 for unit, finding in drops}
    return sum(due.get(unit, 0.0) for unit in units) >= SHARED_PART * sum(due.values()) > 0


def _drop_on(verdict: Verdict, source: str) -> bool:
    return verdict.finding.kind == "drop" and verdict.finding.source == source


def _only_down_on(verdicts: Sequence[Verdict]) -> str | None:
    sources = {v.finding.source for v in verdicts if v.problem and v.finding.kind in DOWN and v.finding.source}
    return sources.pop() if len(sources) == 1 else None


def _is_shared(source: str, down: Mapping[Unit, str], expected: Mapping[Unit, float]) -> bool:
    names = [name for name, where in down.items() if where == source]
    total = sum(expected.values())
    part = sum(expected.get(name, 0.0) for name in names)
    return len(names) >= SHARED_BY and part >= SHARED_PART * total
