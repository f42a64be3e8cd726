"""Would a source that is not loaded be noticed, and when? The gate says so, by the rhythm of its loads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from checks.base import Finding
from monitor import operations
from monitor.decide import Verdict
from monitor.drill.ground import HOUR, Ground
from monitor.drill.known import Place
from monitor.evaluate import After, advance, operational
from monitor.gate import Patience, Source, assess
from monitor.history.measures import Rhythm, Watermark
from monitor.incidents import Incident


def hours(
    ground: Ground, place: Place, span: tuple[dt.datetime, dt.datetime], tell: After
) -> Iterator[tuple[tuple[Incident, ...], list[Verdict]]]:
    """Yield the incidents and verdicts of each hourly run after the last load of a source.

    Args:
        ground: whose loads.
        place: the source.
        span: from its last load on.
        tell: what becomes of the incidents when a run is over.
    """
    onset, until = span
    config, incidents = ground.config, ground.untouched.at(onset)
    patience = Patience(config.store.lateness, config.store.patience)
    now = onset
    while (now := now + HOUR) <= until:
        sources = {
            name: _source(ground, name, min(now, onset if name in place.sources else now))
            for name in ground.known.sources
        }
        gates = assess(sources, patience, now, ZoneInfo(config.zone))
        verdicts = operational(config, operations.loaded(gates, now))
        incidents = tell(advance(incidents, verdicts, now, config.telling.life), now)
        yield incidents, verdicts


def _source(ground: Ground, name: str, last: dt.datetime) -> Source:
    """Return a source whose newest load is the last before a time, and whose rhythm is that of the loads before it."""
    rhythm = ground.known.rhythms.get(name, Rhythm())
    loads = tuple(at for at in rhythm.loads if at <= last.timestamp())
    newest = dt.datetime.fromtimestamp(loads[-1], tz=dt.UTC) if loads else last
    return Source(Watermark(newest, newest), replace(rhythm, loads=loads, seen=None))


def about(finding: Finding) -> bool:
    """Say whether a finding is that something is not loaded."""
    return finding.check == "lateness" and finding.kind == "not_loaded"
