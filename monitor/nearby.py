"""What changed when an incident began: which release, which change of the plan, which change of the schema?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np

from checks.base import Floats, Measure, Profile, Stat
from checks.plan import Plan
from checks.slices import FOLDED
from monitor.incidents import Incident, Nearby

BEFORE, AFTER = dt.timedelta(days=3), dt.timedelta(days=1)  # between a change and the start that it may explain
SEEN = 0.01  # share of a source's messages from which on a version counts as released


def nearby(profile: Profile, incident: Incident, plan: Plan, zone: dt.tzinfo) -> tuple[Nearby, ...]:
    """Return the release, the change of the plan and that of the schema nearest to its start, the nearest first."""

    def distance(each: Nearby) -> tuple[dt.timedelta, str]:
        return abs(incident.started - each.at), each.what

    found = []
    for changes in (_releases(profile, incident), _planned(plan, incident, zone), _altered(profile, incident)):
        close = [each for each in changes if -AFTER <= incident.started - each.at <= BEFORE]
        found += sorted(close, key=distance)[:1]
    return tuple(sorted(found, key=distance))


def _releases(profile: Profile, incident: Incident) -> Iterator[Nearby]:
    """Yield the first day of each version that came to be used on the sources of an incident."""
    table = profile.table(Measure(Stat.ROWS, by="app_version").name(), "day")
    ours = [i for i, k in enumerate(table.keys) if k.source in incident.sources and k.label not in FOLDED]
    totals: dict[tuple[str, str], Floats] = {}
    volume: dict[str, Floats] = {}
    for i in ours:
        key, values = table.keys[i], np.nan_to_num(table.values[i])
        totals[key.source or "", key.label or ""] = totals.get((key.source or "", key.label or ""), 0.0) + values
        volume[key.source or ""] = volume.get(key.source or "", 0.0) + values
    for (source, label), values in sorted(totals.items()):
        used = np.flatnonzero(values > SEEN * np.maximum(volume[source], 1.0))
        if len(used) and used[0] > 0 and volume[source][: used[0]].sum() > 0:
            yield Nearby(table.calendar.bucket(int(used[0])).start, f"{source} {label} came into use")


def _planned(plan: Plan, incident: Incident, zone: dt.tzinfo) -> Iterator[Nearby]:
    for change in plan.changes:
        if change.date is not None and change.event in {None, *incident.events}:
            at = dt.datetime.combine(change.date, dt.time(), tzinfo=zone).astimezone(dt.UTC)
            subject = f"{change.event}: " if change.event else ""
            yield Nearby(at, f"the plan says: {subject}{change.what}")


def _altered(profile: Profile, incident: Incident) -> Iterator[Nearby]:
    """Yield changes of the schema; between two looks, one may have been when the incident began."""
    for each in profile.catalog.altered:
        ours = each.event in incident.events and (not incident.sources or each.source in incident.sources)
        if ours and each.since < profile.window.end:
            yield Nearby(min(max(each.since, incident.started), each.at), f"the store's schema: {each.text}")
