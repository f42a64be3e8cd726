"""All that one workspace remembers, behind one door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, insert

from checks.base import Grain, Stat
from monitor.actions import Action
from monitor.alerts.deliver import Delivery
from monitor.config import Keep
from monitor.errors import OvertakenError, UsageError
from monitor.history import actions, incidents, measures, outbox, points, reports, retention, schema, snapshots
from monitor.history.browse import Shelf
from monitor.history.engine import one_at_a_time, open_engine, transaction
from monitor.history.lease import StoredLease, refuse_overtaken
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.history.points import Span
from monitor.history.reports import Kept
from monitor.history.times import moment, seconds
from monitor.history.vitals import Vitals, read_vitals
from monitor.incidents import Incident

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one run changes: kept whole, or not at all."""

    at: dt.datetime
    points: pd.DataFrame
    spans: Mapping[Grain, Span]  # what was read anew of each grain, and is replaced by `points`
    watermarks: Mapping[str, Watermark]
    rhythms: Mapping[str, Rhythm]
    before: Progress | None  # how far the workspace was when the run began
    progress: Progress
    incidents: Sequence[Incident]
    deliveries: Sequence[Delivery]
    summary: Mapping[str, object]
    snapshots: Mapping[str, Any] = field(default_factory=dict)  # name -> body, as JSON says it

    @property
    def judged_from(self) -> dt.datetime:
        """Return from when on this run judged; of a first one, what it read."""
        return self.before.oldest if self.before and self.before.begun else self.progress.measured_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Reports that are published together: kept whole with what sends them, or not at all."""

    at: dt.datetime
    reports: Sequence[tuple[Kept, Sequence[Delivery]]]  # each with what sends it
    snapshots: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False  # also where they were sent before


class Memory:
    """The state database of one workspace."""

    def __init__(self, url: str, workspace: str) -> None:
        """Open the database, and bring it up to date. Raises StateError or UsageError."""
        self._engine = open_engine(url)
        self._workspace = workspace
        self._token: int | None = None
        self.outbox = outbox.StoredOutbox(self._engine, workspace)
        self.lease = StoredLease(self._engine, workspace)
        self.shelf = Shelf(self._engine, workspace)  # what the pages look up

    def fence(self, token: int | None) -> None:
        """Keep and send from now on only while the lease has this token; None: whoever holds it."""
        self._token = token
        self.outbox.fence(token)

    def progress(self) -> Progress | None:
        """Return how far the workspace has been measured and judged; None before the first run."""
        with transaction(self._engine) as connection:
            return measures.read_progress(connection, self._workspace)

    def watermarks(self) -> dict[str, Watermark]:
        """Return up to when each source is known to be loaded."""
        with transaction(self._engine) as connection:
            return measures.read_watermarks(connection, self._workspace)

    def rhythms(self) -> dict[str, Rhythm]:
        """Return what is known of the loads of each source."""
        with transaction(self._engine) as connection:
            return measures.read_rhythms(connection, self._workspace)

    def points(self, since: dt.datetime, until: dt.datetime, grains: Sequence[Grain] = ("hour", "day")) -> pd.DataFrame:
        """Return what was measured with a bucket in [since, until), of some grains."""
        with transaction(self._engine) as connection:
            return points.read_points(connection, self._workspace, since, until, grains)

    def first_seen(self) -> dict[tuple[str, str], dt.datetime]:
        """Return the first hour in which each (event, source) was ever seen, however long ago."""
        with transaction(self._engine) as connection:
            known = points.known_series(connection, self._workspace)
        rows = known[(known["measure"] == Stat.ROWS) & (known["grain"] == "hour") & known["first_seen"].notna()]
        return {
            (event, source): moment(int(first))
            for event, source, first in zip(rows["event"], rows["source"], rows["first_seen"], strict=True)
        }

    def tidy(self, keep: Keep, now: dt.datetime, zone: ZoneInfo) -> None:
        """Roll up and drop what is older than it is kept."""
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            retention.forget(connection, self._workspace, keep, now, zone)

    def incidents(self, since: dt.datetime | None = None, about: str | None = None) -> tuple[Incident, ...]:
        """Return the open incidents, and those resolved after `since`; if an event is named, all that may touch it."""
        with transaction(self._engine) as connection:
            return incidents.read_incidents(connection, self._workspace, since=since, about=about)

    def snapshot(self, name: str) -> tuple[dt.datetime, Any] | None:
        """Return when something was found out last, and what, such as `catalog` or `usage`; None: never."""
        with transaction(self._engine) as connection:
            return snapshots.read_snapshot(connection, self._workspace, name)

    def put_snapshot(self, name: str, at: dt.datetime, body: Any) -> None:
        """Keep what was found out, as JSON says it, in place of the last one of that name."""
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            snapshots.write_snapshots(connection, self._workspace, at, {name: body})

    def report(self, week: str, audience: str = "") -> Kept | None:
        """Return a report as it was kept; None: it was not."""
        with transaction(self._engine) as connection:
            return reports.read_report(connection, self._workspace, week, audience)

    def reported(self, week: str, audience: str = "") -> bool | None:
        """Say whether a report was sent; None: it is not even kept."""
        with transaction(self._engine) as connection:
            return reports.was_sent(connection, self._workspace, week, audience)

    def reports(self) -> tuple[Kept, ...]:
        """Return the kept reports without their bodies, the newest week first."""
        with transaction(self._engine) as connection:
            return reports.list_reports(connection, self._workspace)

    def publish(self, issue: Issue) -> bool:
        """Keep reports, and what sends them, in one transaction; False: all of them were sent already.

        Raises:
            OvertakenError: another process evaluates this workspace now.
        """
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            refuse_overtaken(connection, self._workspace, self._token)
            snapshots.write_snapshots(connection, self._workspace, issue.at, issue.snapshots)
            new = [
                (kept, deliveries)
                for kept, deliveries in issue.reports
                if issue.again or not reports.was_sent(connection, self._workspace, kept.week, kept.audience)
            ]
            for kept, deliveries in new:
                reports.write_report(connection, self._workspace, kept)
                outbox.enqueue(connection, self._workspace, deliveries)
            return bool(new)

    def incident(self, incident: str) -> Incident | None:
        """Return one incident by its id, however old; None: there is none."""
        with transaction(self._engine) as connection:
            return incidents.read_incident(connection, self._workspace, incident)

    def actions(self, incident: str | None = None, since: dt.datetime | None = None) -> tuple[Action, ...]:
        """Return what people did, the oldest first: about one incident, or all; from `since` on."""
        with transaction(self._engine) as connection:
            return actions.read_actions(connection, self._workspace, [incident] if incident else None, since)

    def act(self, action: Action, change: Callable[[Incident], tuple[Incident, Sequence[Delivery]]]) -> Incident:
        """Change one incident as `change` says, and keep the action and the messages, in one transaction.

        Raises:
            UsageError: there is no such incident, or `change` refuses; nothing is kept.
        """
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            known = incidents.read_incident(connection, self._workspace, action.incident)
            if known is None:
                raise UsageError(f"there is no incident {action.incident!r}; see 'trackwatch incidents list'")
            after, deliveries = change(known)
            incidents.write_incidents(connection, self._workspace, [after])
            actions.write_action(connection, self._workspace, action)
            outbox.enqueue(connection, self._workspace, deliveries)
            return after

    def vitals(self) -> Vitals:
        """Return how trackwatch itself is doing."""
        with transaction(self._engine) as connection:
            return read_vitals(connection, self._workspace)

    def note(self, known: Sequence[Incident], deliveries: Sequence[Delivery]) -> None:
        """Keep incidents and messages alone, where nothing could be read; in one transaction."""
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            refuse_overtaken(connection, self._workspace, self._token)
            self._write_incidents(connection, known)
            outbox.enqueue(connection, self._workspace, deliveries)

    def keep(self, step: Step) -> None:
        """Keep everything that a run changed, in one transaction.

        Raises:
            OvertakenError: another run kept its changes since this one began; nothing is kept of this one.
        """
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            refuse_overtaken(connection, self._workspace, self._token)
            if measures.read_progress(connection, self._workspace) != step.before:
                raise OvertakenError("another run of this workspace ended meanwhile; this one told and changed nothing")
            points.write_points(connection, self._workspace, step.points, step.spans)
            measures.write_watermarks(connection, self._workspace, step.watermarks)
            measures.write_rhythms(connection, self._workspace, step.rhythms)
            self._write_incidents(connection, step.incidents)
            outbox.enqueue(connection, self._workspace, step.deliveries)
            measures.write_progress(connection, self._workspace, step.progress)
            snapshots.write_snapshots(connection, self._workspace, step.at, step.snapshots)
            connection.execute(
                insert(schema.run).values(
                    workspace=self._workspace,
                    at=seconds(step.at),
                    judged_from=seconds(step.judged_from),
                    judged_until=seconds(step.progress.judged_until),
                    summary=orjson.dumps(dict(step.summary)).decode(),
                )
            )

    def _write_incidents(self, connection: Connection, known: Sequence[Incident]) -> None:
        """Write incidents as a run left them, with what people did about them meanwhile."""
        now = actions.with_actions(connection, self._workspace, known)
        incidents.write_incidents(connection, self._workspace, now)
