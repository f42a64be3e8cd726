"""Which messages did each incident of a week take from its events?

From what is remembered alone: daily counts, and the incidents. What was missing is held against the
same weekday of the four weeks before, without days on which something was known to be wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import Finding, Stat
from checks.plan import Plan
from monitor.incidents import Incident
from monitor.judge import kind_of
from monitor.report.score import EventWeek, Loss
from monitor.report.week import Week

if TYPE_CHECKING:
    import pandas as pd

WEEKS = 4  # before the week, from which its weekdays are expected
SPAN = 7 * (WEEKS + 1)  # days
HARMLESS = frozenset({"spike"})  # more came, and nothing was lost
COPIES = {"exact": str(Stat.SURPLUS), "semantic": str(Stat.REPEATS)}


class Days:
    """What was counted by day: of a week, and of the four weeks before it."""

    def __init__(self, points: pd.DataFrame, week: Week, zone: ZoneInfo, trend: int = 0) -> None:
        """Take points with columns as `history.measures.read_points` gives them; daily ones are used.

        Args:
            points: what was measured.
            week: the newest week.
            zone: whose days are meant.
            trend: of how many weeks before it `back` can tell.
        """
        self._first, self._zone = week.back(WEEKS + trend).monday, zone
        self._end = 7 * (WEEKS + 1 + trend)  # of the week, in columns of the table
        starts = np.array([_midnight(self._first + dt.timedelta(days=i), zone) for i in range(self._end)])
        here = points["bucket"].between(starts[0], starts[-1])
        daily = points[here & (points["grain"] == "day")]
        at = np.searchsorted(starts, daily["bucket"].to_numpy())
        inside = starts[at] == daily["bucket"].to_numpy()
        named = daily.loc[inside, ["event", "property", "measure", "source"]]
        which, keys = _numbered(named)
        self._table = np.zeros((len(keys), self._end))
        np.add.at(self._table, (which, at[inside]), daily["value"].to_numpy()[inside])
        self._weekly = self._table.reshape(len(keys), self._end // 7, 7).sum(axis=2)
        self._rows: dict[tuple[str, str, str], dict[str, int]] = {}  # event, property, measure -> source -> row
        for row, (event, prop, measure, source) in enumerate(keys):
            self._rows.setdefault((event, prop, measure), {})[source] = row

    def back(self, weeks: int) -> Days:
        """Return the same of an earlier week."""
        earlier = copy(self)
        earlier._end = self._end - 7 * weeks
        return earlier

    @property
    def events(self) -> tuple[str, ...]:
        """Return the events that came in the week."""
        named = {event for event, _, measure in self._rows if measure == Stat.ROWS}
        return tuple(sorted(event for event in named if any(self.week_of(event).values())))

    def week_of(self, event: str) -> dict[str, float]:
        """Return the messages of an event in the week, by source."""
        week = self._end // 7 - 1
        found = self._rows.get((event, "", str(Stat.ROWS)), {})
        return {source: float(self._weekly[row, week]) for source, row in found.items()}

    def of(self, event: str, measure: str, *, source: str | None = None, prop: str = "") -> np.ndarray:
        """Return the days [35] of a measure, oldest first; over all sources if none is named."""
        rows = [row for s, row in self._rows.get((event, prop, measure), {}).items() if source in (None, s)]
        summed: np.ndarray = self._table[rows, self._end - SPAN : self._end].sum(axis=0)
        return summed

    def touched(self, incident: Incident) -> np.ndarray:
        """Mark the days [35] on which an incident was open."""
        first = self._first + dt.timedelta(days=self._end - SPAN)
        ends = (incident.started, incident.last_seen - dt.timedelta(seconds=1))
        start, end = ((at.astimezone(self._zone).date() - first).days for at in ends)
        marked = np.zeros(SPAN, dtype=bool)
        marked[max(start, 0) : max(end + 1, 0)] = True
        return marked


def _numbered(named: pd.DataFrame) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return the number of each row's key, and the keys in the order of their numbers."""
    groups = named.groupby(list(named.columns), sort=False)
    return groups.ngroup().to_numpy(), groups.size().index.tolist()


def _midnight(date: dt.date, zone: ZoneInfo) -> int:
    return int(dt.datetime.combine(date, dt.time(), zone).timestamp())


def event_weeks(days: Days, incidents: Sequence[Incident], plan: Plan) -> tuple[EventWeek, ...]:
    """Return each event that came or was lost in the week, with what it lost, where, and by which incident."""
    wrong = _wrong(days, incidents)
    losses: dict[str, list[Loss]] = {}
    for incident in incidents:
        for loss in _losses(days, incident, wrong):
            losses.setdefault(loss.event, []).append(loss)
    found = []
    for name in dict.fromkeys((*days.events, *losses)):
        sources = days.week_of(name)
        lost = tuple(_capped(losses.get(name, ()), sources))
        rows = sum(sources.values())
        found.append(EventWeek(event=name, priority=plan.priority(name), rows=rows, losses=lost, sources=sources))
    return tuple(found)


def _wrong(days: Days, incidents: Iterable[Incident]) -> dict[str, np.ndarray]:
    """Mark the days [35] of each event on which its volume was known to be wrong: nothing is expected from those."""
    wrong: dict[str, np.ndarray] = {}
    for incident in incidents:
        if any(kind_of(finding).volume for finding in incident.findings):
            touched = days.touched(incident)
            for event in incident.events:
                wrong[event] = wrong[event] | touched if event in wrong else touched
    return wrong


def _capped(losses: Iterable[Loss], came: Mapping[str, float]) -> Iterator[Loss]:
    """Yield losses so that no message is lost twice: what came from a source can be wrong only once."""
    left = dict(came)
    for loss in sorted(losses, key=lambda loss: -loss.rows):
        took = loss.rows if loss.cause == "missing" else min(loss.rows, left.get(loss.source, 0.0))
        if took > 0:
            left[loss.source] = left.get(loss.source, 0.0) - (0.0 if loss.cause == "missing" else took)
            yield replace(loss, rows=took)


def _losses(days: Days, incident: Incident, wrong: Mapping[str, np.ndarray]) -> Iterator[Loss]:
    touched = days.touched(incident)[-7:]
    if not touched.any():
        return
    by_event: dict[str, list[Finding]] = {}
    for finding in incident.findings:
        if finding.event and finding.kind not in HARMLESS and not kind_of(finding).notice:
            by_event.setdefault(finding.event, []).append(finding)
    for event, findings in by_event.items():
        cause = _cause(findings)
        lost = partial(Loss, incident=incident.id, event=event, cause=cause)
        source = incident.slice.get("source", incident.subject.source)
        if cause == "missing":
            amounts = _shared(days, event, source, partial(_missing, days, event, touched, wrong.get(event)))
            yield from (lost(source=name, rows=rows) for name, rows in amounts)
            continue
        for finding in _worst(findings):
            amounts = _shared(days, event, source or finding.source, partial(_bad, days, event, touched, finding))
            yield from (lost(source=name, rows=rows) for name, rows in amounts)


def _shared(
    days: Days, event: str, source: str | None, lost: Callable[[str | None], float]
) -> Iterator[tuple[str, float]]:
    """Yield what an event lost, by source: what all of it lost together, in the proportion of what each lost alone."""
    whole = lost(source)
    came = days.week_of(event)
    if source is not None or not came:
        parts = {source or "": 1.0}
    else:
        parts = {name: lost(name) for name in came}
        parts = parts if any(parts.values()) else came if any(came.values()) else dict.fromkeys(came, 1.0)
    total = sum(parts.values())
    yield from ((name, whole * part / total) for name, part in parts.items() if whole * part > 0)


def _cause(findings: Sequence[Finding]) -> str:
    """Return which of the causes an incident's findings are: the first that fits."""
    checks = {finding.check for finding in findings}
    if any(kind_of(finding).family == "loss" for finding in findings):
        return "missing"
    if "duplicates" in checks:
        return "copied"
    return "late" if "lateness" in checks else "malformed"


def _worst(findings: Sequence[Finding]) -> Iterable[Finding]:
    """Return one finding for each source and property: two kinds of breach of one value are one loss."""
    worst: dict[tuple[str | None, str | None], Finding] = {}
    for finding in findings:
        place = (finding.source, finding.property)
        if place not in worst or finding.rows > worst[place].rows:
            worst[place] = finding
    return worst.values()


def _bad(days: Days, event: str, touched: np.ndarray, finding: Finding, source: str | None) -> float:
    """Return the bad messages of the week that a finding is about; its own number of a day where they are not kept."""
    measures: Mapping[str, str] = {
        **COPIES,
        "required_missing": str(Stat.NULLS),
        "wrong_type": "mistyped.type",
        "not_allowed": "outside.enum",
        "pattern": "outside.pattern",
        "range": "outside.range",
    }
    if finding.kind in measures:
        bad = days.of(event, measures[finding.kind], source=source, prop=finding.property or "")
    else:
        bad = np.minimum(days.of(event, Stat.ROWS, source=source), finding.rows)
    return float((bad[-7:] * touched).sum())


def _missing(days: Days, event: str, touched: np.ndarray, wrong: np.ndarray | None, source: str | None) -> float:
    """Return the messages of the week that were due on an incident's days and did not come."""
    rows = days.of(event, Stat.ROWS, source=source)
    past = rows[:-7] if wrong is None else np.where(wrong[:-7], np.nan, rows[:-7])
    past = past.reshape(WEEKS, 7)
    seen = ~np.isnan(past).all(axis=0)
    usual = np.zeros(7)
    usual[seen] = np.nanmedian(past[:, seen], axis=0)
    short = np.maximum(usual - rows[-7:], 0.0)
    return float((short * touched).sum())
