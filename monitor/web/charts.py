"""What does the trouble look like? The series of one event beside its expected band, from what is remembered."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from checks.base import Bucket, Catalog, Evidence, Field, Finding, Floats, Grain, Stat, as_datetime
from checks.expectation import count_evidence
from checks.words import between, number
from monitor.alerts.view import COUNTS, view
from monitor.calendar import floor_day
from monitor.evaluate import stretches
from monitor.incidents import Incident
from monitor.judge import evidence
from monitor.profile import Measurements, Stretch, WindowProfile
from monitor.web.site import Site

if TYPE_CHECKING:
    import pandas as pd

AFTER = dt.timedelta(days=2)  # of recovery that the chart of an ended incident shows
DIGITS = 5  # that a chart can show


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart for the page's script, and the same numbers for everybody else."""

    title: str
    unit: str  # such as "events per hour"
    data: dict[str, Any]  # for the script: x [s since 1970], observed, expected, low, high; `bad`: from when on
    rows: tuple[tuple[dt.datetime, str, str, bool], ...]  # start, observed, expected, bad; the newest first
    sentence: str


def of_incident(here: Site, incident: Incident, incidents: Sequence[Incident]) -> Chart | None:
    """Return the chart of an incident; None where nothing is remembered of what it is about."""
    headline, progress = incident.headline, here.memory.progress()
    if headline.check not in here.config.checks or progress is None or not progress.begun:
        return None
    judged = progress.of(headline.check).until
    until = min(judged, (incident.resolved or judged) + AFTER)
    if headline.event is None:
        profile = _profile_of_all(here, headline.check, until, incidents)
    else:
        profile = _profile(here, headline.event, until, incidents)
    found = evidence(tuple(here.config.checks.values()), profile, here.config.plan, headline)
    if found is None:
        return None
    started = np.datetime64(int(incident.started.timestamp()), "s")
    bad_from = max(int(np.searchsorted(found.starts, started, side="right")) - 1, 0)
    return _chart(replace(found, bad_from=bad_from), _subject(headline))


def of_event(here: Site, event: str, incidents: Sequence[Incident]) -> Chart | None:
    """Return the daily messages of an event, all sources together."""
    progress = here.memory.progress()
    if progress is None or not progress.begun:
        return None
    until = floor_day(progress.judged_until, here.zone)
    table = _profile(here, event, until, incidents, ("day",)).table(Stat.ROWS, "day")
    if not table.keys:
        return None
    whole = min(table.keys, key=lambda key: (key.source is not None, key.source or ""))
    found = count_evidence(table, Finding(kind="", event=event, source=whole.source))
    return _chart(found, event) if found else None


def _profile(
    here: Site,
    event: str,
    until: dt.datetime,
    incidents: Sequence[Incident],
    grains: Sequence[Grain] = ("hour", "day"),
) -> WindowProfile:
    since, shelf = _since(here, until), here.memory.shelf
    points = shelf.points_of(event, since, until, grains)
    spoilt = tuple(s for s in stretches(incidents) if s.event in (None, event))
    return _profiled(here, points, (since, until), spoilt, shelf.first_seen(event))


def _profile_of_all(here: Site, check: str, until: dt.datetime, incidents: Sequence[Incident]) -> WindowProfile:
    """Return a profile of all events, with no more of each than one check asks for by the day."""
    since, config = _since(here, until), here.config
    asked = config.checks[check].known.check.measures(config.plan, config.checks[check].params)
    points = here.memory.shelf.points_by({measure.name() for measure in asked}, since, until)
    return _profiled(here, points, (since, until), tuple(stretches(incidents)), here.memory.first_seen())


def _since(here: Site, until: dt.datetime) -> dt.datetime:
    return floor_day(until - here.config.store.history, here.zone) - dt.timedelta(days=1)


def _profiled(
    here: Site,
    points: pd.DataFrame,
    span: tuple[dt.datetime, dt.datetime],
    spoilt: Sequence[Stretch],
    first: Mapping[tuple[str, str], dt.datetime],
) -> WindowProfile:
    named = points[["event", "source", "property"]].drop_duplicates().itertuples(index=False)
    fields = tuple(Field(str(e), str(source), str(name), "") for e, source, name in named if name)
    events: dict[str, set[str]] = {}
    for event, source in first:
        events.setdefault(event, set()).add(source)
    catalog = Catalog({event: frozenset(sources) for event, sources in events.items()}, fields)
    measured = Measurements(
        points,
        catalog,
        since=span[0],
        until=span[1],
        zone=here.zone,
        exclusions=here.config.exclusions,
        first=first,
        learn=here.config.store.history,
    )
    window = Bucket(span[1] - dt.timedelta(hours=1), span[1])
    return measured.profile(window, tuple(replace(s, over=False) for s in spoilt))


def _subject(finding: Finding) -> str:
    name = f"{finding.event}.{finding.property}" if finding.property else finding.event or "All events"
    return f"{name} on {finding.source}" if finding.source else name


def _chart(found: Evidence, title: str) -> Chart | None:
    if not len(found.starts):
        return None
    shown, bucket = view(found)
    unit = f"{shown.unit} per {bucket}" if shown.unit in COUNTS else shown.unit
    bad = shown.bad_from if shown.bad_from is not None and shown.bad_from < len(shown.starts) else None
    x = [int(at) for at in shown.starts.astype("datetime64[s]").astype(np.int64)]
    series = {name: _plain(getattr(shown, name)) for name in ("observed", "expected", "low", "high")}
    data = {"x": x, **series, "bad": None if bad is None else x[bad], "unit": unit, "daily": bucket == "day"}
    rows = tuple(_row(shown, i, bad) for i in reversed(range(len(x))))
    return Chart(title, unit, data, rows, _sentence(title, unit, rows))


def _plain(values: Floats) -> list[float | None]:
    """Return numbers that JSON has, without digits that nobody sees."""
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in values.tolist()]


def _row(shown: Evidence, i: int, bad: int | None) -> tuple[dt.datetime, str, str, bool]:
    observed, low, high = (float(line[i]) for line in (shown.observed, shown.low, shown.high))
    usual = "not known"
    if math.isfinite(low) and math.isfinite(high):
        usual = between(low, high)
    seen = number(observed) if math.isfinite(observed) else "not known"
    return as_datetime(shown.starts[i]), seen, usual, bad is not None and i >= bad


def _sentence(title: str, unit: str, rows: Sequence[tuple[dt.datetime, str, str, bool]]) -> str:
    newest = rows[0]
    return f"{title}, {unit}: {newest[1]} at the end, where {newest[2]} is usual. All numbers are in the table."
