"""How far has a workspace been measured and judged, and how do the loads of its sources come?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from monitor.history import schema
from monitor.history.times import moment, seconds


@dataclass(frozen=True, slots=True)
class Judged:
    """Until when a check has judged."""

    until: dt.datetime  # of every source but those that are behind
    behind: Mapping[str, dt.datetime] = field(default_factory=dict)  # source -> until when it has been judged


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a workspace has been measured and judged; half-open, UTC.

    Nothing has been judged yet while `judged_until` is `measured_from`: the first reading of
    the past is under way, and goes on at `measured_until`.
    """

    measured_from: dt.datetime
    measured_until: dt.datetime
    judged_until: dt.datetime  # of every source but those that are behind
    behind: Mapping[str, dt.datetime] = field(default_factory=dict)  # source -> until when it has been judged
    apart: Mapping[str, Judged] = field(default_factory=dict)  # check -> how far it is, of those evaluated more rarely

    @property
    def begun(self) -> bool:
        """Say whether anything has been judged."""
        return self.judged_until > self.measured_from

    @property
    def oldest(self) -> dt.datetime:
        """Return until when everything has been judged."""
        return min((self.judged_until, *self.behind.values()))

    def of(self, check: str) -> Judged:
        """Return until when a check has judged."""
        return self.apart.get(check, Judged(self.judged_until, self.behind))

    def lanes(self, checks: Collection[str]) -> list[tuple[frozenset[str], Progress]]:
        """Return checks that are equally far, and the progress of those alone; at least one lane."""
        lanes: list[tuple[set[str], Judged]] = [] if checks else [(set(), Judged(self.judged_until, self.behind))]
        for name in sorted(checks):
            judged = self.of(name)
            found = next((names for names, known in lanes if known == judged), None)
            if found is None:
                lanes.append(({name}, judged))
            else:
                found.add(name)
        return [
            (frozenset(names), replace(self, judged_until=j.until, behind=j.behind, apart={})) for names, j in lanes
        ]

    def joined(self, lanes: Collection[tuple[frozenset[str], Progress]], checks: Collection[str]) -> Progress:
        """Return the progress of all checks after those of some lanes have gone on."""
        front = max((lane for _, lane in lanes), key=lambda lane: lane.judged_until)
        front = max((front, self), key=lambda lane: lane.judged_until)  # the lanes', where both are as far
        after = {name: Judged(lane.judged_until, lane.behind) for names, lane in lanes for name in names}
        far = {name: after.get(name, self.of(name)) for name in checks}
        whole = Judged(front.judged_until, front.behind)
        measured = max(lane.measured_until for _, lane in lanes)
        apart = {name: judged for name, judged in far.items() if judged != whole}
        return Progress(self.measured_from, measured, whole.until, whole.behind, apart)


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to when a source is known to be there: newest received_at, and newest loaded_at where the store has it.

    `synced` is the end of its last load, where the store keeps a history of them; it is not remembered.
    """

    received: dt.datetime
    loaded: dt.datetime | None
    synced: dt.datetime | None = None

    @property
    def newest(self) -> dt.datetime:
        """Return when it was loaded last, as far as the store says."""
        newest = self.loaded or self.received
        return max(newest, self.synced) if self.synced else newest


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When the loads of a source were seen, and how late its rows came."""

    loads: tuple[int, ...] = ()  # seconds since 1970, ascending, at most one an hour
    arrivals: tuple[float, ...] = ()  # rows first seen less than 1, 2, 3, … hours after their hour had ended
    seen: int | None = None  # when, by our own clock, the watermark was last seen to have moved
    lag: int | None = None  # seconds within which nearly all rows were loaded, where the store says when they were


def read_progress(connection: Connection, workspace: str) -> Progress | None:
    """Return how far the workspace is, or None before its first run."""
    table, behind = schema.progress, schema.behind
    row = connection.execute(select(table).where(table.c.workspace == workspace)).first()
    if row is None:
        return None
    late = connection.execute(select(behind).where(behind.c.workspace == workspace))
    return Progress(
        moment(row.measured_from),
        moment(row.measured_until),
        moment(row.judged_until),
        {each.source: moment(each.judged_until) for each in late},
        _read_apart(connection, workspace),
    )


def _read_apart(connection: Connection, workspace: str) -> dict[str, Judged]:
    table = schema.apart
    found: dict[str, dict[str, dt.datetime]] = defaultdict(dict)
    for row in connection.execute(select(table).where(table.c.workspace == workspace)):
        found[row.check][row.source] = moment(row.judged_until)
    return {check: Judged(until.pop(""), until) for check, until in found.items()}


def write_progress(connection: Connection, workspace: str, progress: Progress) -> None:
    """Remember how far the workspace is."""
    for table in (schema.progress, schema.behind, schema.apart):
        connection.execute(delete(table).where(table.c.workspace == workspace))
    values = {name: seconds(getattr(progress, name)) for name in ("measured_from", "measured_until", "judged_until")}
    connection.execute(insert(schema.progress).values(workspace=workspace, **values))
    late = [
        {"workspace": workspace, "source": source, "judged_until": seconds(until)}
        for source, until in progress.behind.items()
    ]
    if late:
        connection.execute(insert(schema.behind), late)
    apart = [
        {"workspace": workspace, "check": check, "source": source, "judged_until": seconds(until)}
        for check, judged in progress.apart.items()
        for source, until in {**judged.behind, "": judged.until}.items()  # no source: every other one
    ]
    if apart:
        connection.execute(insert(schema.apart), apart)


def read_watermarks(connection: Connection, workspace: str) -> dict[str, Watermark]:
    """Return the watermark of each source."""
    table = schema.watermark
    rows = connection.execute(select(table).where(table.c.workspace == workspace))
    return {
        row.source: Watermark(moment(row.received), None if row.loaded is None else moment(row.loaded)) for row in rows
    }


def write_watermarks(connection: Connection, workspace: str, watermarks: Mapping[str, Watermark]) -> None:
    """Replace the watermarks of the named sources."""
    table = schema.watermark
    for source, mark in watermarks.items():
        connection.execute(delete(table).where(table.c.workspace == workspace, table.c.source == source))
        loaded = None if mark.loaded is None else seconds(mark.loaded)
        connection.execute(
            insert(table).values(workspace=workspace, source=source, received=seconds(mark.received), loaded=loaded)
        )


def read_rhythms(connection: Connection, workspace: str) -> dict[str, Rhythm]:
    """Return what is known of the loads of each source."""
    table = schema.rhythm
    rows = connection.execute(select(table).where(table.c.workspace == workspace))
    return {
        row.source: Rhythm(
            tuple(np.frombuffer(row.loads, "<u4").tolist()),
            tuple(np.frombuffer(row.arrivals, "<f8").tolist()),
            row.seen,
            row.lag,
        )
        for row in rows
    }


def write_rhythms(connection: Connection, workspace: str, rhythms: Mapping[str, Rhythm]) -> None:
    """Replace what is known of the loads of the named sources."""
    table = schema.rhythm
    for source, rhythm in rhythms.items():
        connection.execute(delete(table).where(table.c.workspace == workspace, table.c.source == source))
        values = {
            "seen": rhythm.seen,
            "lag": rhythm.lag,
            "loads": np.array(rhythm.loads, "<u4").tobytes(),
            "arrivals": np.array(rhythm.arrivals, "<f8").tobytes(),
        }
        connection.execute(insert(table).values(workspace=workspace, source=source, **values))
