"""Which messages did each incident of a week take from its events?

From what is remembered alone: daily counts, and the incidents. What was missing is held against the
same weekday of the four weeks before, without days on which something was known to be wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
HARMLESS = frozenset({"spike"})  # more came, and nothing was lost
COPIES = {"exact": str(Stat.SURPLUS), "semantic": str(Stat.REPEATS)}


class Days:
    """What was counted by day: of the week, and of the weeks before it."""

    def __init__(self, points: pd.DataFrame, week: Week, zone: ZoneInfo) -> None:
        """Take points with columns as `history.measures.read_points` gives them; daily ones are used."""
        self.first, self._zone = week.back(WEEKS).monday, zone
        size = 7 * (WEEKS + 1)
        starts = [_midnight(self.first + dt.timedelta(days=i), zone) for i in range(size)]
        here = points["bucket"].between(starts[0], starts[-1])
        daily = points[here & (points["grain"] == "day")]
        at = np.searchsorted(starts, daily["bucket"].to_numpy())
        inside = at < size
        inside[inside] = np.asarray(starts)[at[inside]] == daily["bucket"].to_numpy()[inside]
        named = daily.loc[inside, ["event", "property", "measure", "source"]]
        which, keys = _numbered(named)
        table = np.zeros((len(keys), size))
        np.add.at(table, (which, at[inside]), daily["value"].to_numpy()[inside])
        self._values: dict[tuple[str, str, str], dict[str, np.ndarray]] = {}
        for (event, prop, measure, source), series in zip(keys, table, strict=True):
            self._values.setdefault((event, prop, measure), {})[source] = series
        self._size = size

    @property
    def events(self) -> tuple[str, ...]:
        """Return the events that came in the week."""
        came = {
            event
            for (event, _, measure), series in self._values.items()
            if measure == Stat.ROWS and any(values[-7:].any() for values in series.values())
        }
        return tuple(sorted(came))

    def of(self, event: str, measure: str, *, source: str | None = None, prop: str = "") -> np.ndarray:
        """Return the days [35] of a measure, oldest first; over all sources if none is named."""
        series = self._values.get((event, prop, measure), {})
        found = [values for s, values in series.items() if source in (None, s)]
        return np.sum(found, axis=0) if found else np.zeros(self._size)

    def touched(self, incident: Incident) -> np.ndarray:
        """Mark the days [35] on which an incident was open."""
        dates = [self.first + dt.timedelta(days=i) for i in range(self._size)]
        ends = (incident.started, incident.last_seen - dt.timedelta(seconds=1))
        start, end = (at.astimezone(self._zone).date() for at in ends)
        return np.array([start <= date <= end for date in dates])


def _numbered(named: pd.DataFrame) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return the number of each row's key, and the keys in the order of their numbers."""
    groups = named.groupby(list(named.columns), sort=False)
    return groups.ngroup().to_numpy(), groups.size().index.tolist()


def _midnight(date: dt.date, zone: ZoneInfo) -> int:
    return int(dt.datetime.combine(date, dt.time(), zone).timestamp())


def event_weeks(days: Days, incidents: Sequence[Incident], plan: Plan) -> tuple[EventWeek, ...]:
    """Return each event that came or was lost in the week, with what it lost, and by which incident."""
    losses: dict[str, list[Loss]] = {}
    for incident in incidents:
        for loss in _losses(days, incident, incidents):
            losses.setdefault(loss.event, []).append(loss)
    names = dict.fromkeys((*days.events, *losses))
    return tuple(
        EventWeek(
            event=name,
            priority=plan.priority(name),
            rows=float(days.of(name, Stat.ROWS)[-7:].sum()),
            losses=tuple(_capped(losses.get(name, ()), float(days.of(name, Stat.ROWS)[-7:].sum()))),
        )
        for name in names
    )


def _capped(losses: Iterable[Loss], rows: float) -> Iterator[Loss]:
    """Yield losses so that no message is lost twice: what came can be wrong only once."""
    left = rows
    for loss in sorted(losses, key=lambda loss: -loss.rows):
        if loss.cause == "missing":
            yield loss
        elif left > 0:
            took = min(loss.rows, left)
            left -= took
            yield Loss(incident=loss.incident, event=loss.event, cause=loss.cause, rows=took)


def _losses(days: Days, incident: Incident, others: Sequence[Incident]) -> Iterator[Loss]:
    touched = days.touched(incident)[-7:]
    if not touched.any():
        return
    by_event: dict[str, list[Finding]] = {}
    for finding in incident.findings:
        if finding.event and finding.kind not in HARMLESS and not kind_of(finding).notice:
            by_event.setdefault(finding.event, []).append(finding)
    for event, findings in by_event.items():
        cause = _cause(findings)
        source = incident.slice.get("source", incident.subject.source)
        if cause == "missing":
            rows = _missing(days, event, source, incident, others)
        else:
            rows = sum(float((_bad(days, event, source, f)[-7:] * touched).sum()) for f in _worst(findings))
        if rows > 0:
            yield Loss(incident=incident.id, event=event, cause=cause, rows=rows)


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


def _bad(days: Days, event: str, source: str | None, finding: Finding) -> np.ndarray:
    """Return the bad messages of each day [35] that a finding is about; its own number where they are not kept."""
    measures: Mapping[str, str] = {
        **COPIES,
        "required_missing": str(Stat.NULLS),
        "wrong_type": "mistyped.type",
        "not_allowed": "outside.enum",
        "pattern": "outside.pattern",
        "range": "outside.range",
    }
    if finding.kind in measures:
        name = measures[finding.kind]
        return days.of(event, name, source=source or finding.source, prop=finding.property or "")
    rows = days.of(event, Stat.ROWS, source=source or finding.source)
    few: np.ndarray = np.minimum(rows, finding.rows)
    return few


def _missing(days: Days, event: str, source: str | None, incident: Incident, others: Sequence[Incident]) -> float:
    """Return the messages of the week that were due on an incident's days and did not come."""
    rows = days.of(event, Stat.ROWS, source=source)
    wrong = np.zeros(len(rows), dtype=bool)
    for other in others:
        if event in other.events and any(kind_of(finding).volume for finding in other.findings):
            wrong |= days.touched(other)
    past = np.where(wrong[:-7], np.nan, rows[:-7]).reshape(WEEKS, 7)
    seen = ~np.isnan(past).all(axis=0)
    usual = np.zeros(7)
    usual[seen] = np.nanmedian(past[:, seen], axis=0)
    short = np.maximum(usual - rows[-7:], 0.0)
    return float((short * days.touched(incident)[-7:]).sum())
