"""All that one workspace remembers, behind one door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import insert

from monitor.alerts.deliver import Delivery
from monitor.errors import StateError
from monitor.history import incidents, measures, outbox, schema
from monitor.history.engine import one_at_a_time, open_engine, transaction
from monitor.history.measures import Progress, Watermark, seconds
from monitor.incidents import Incident

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one run changes: kept whole, or not at all."""

    at: dt.datetime
    measured_since: dt.datetime
    points: pd.DataFrame
    watermarks: Mapping[str, Watermark]
    before: Progress | None  # how far the workspace was when the run began
    progress: Progress
    incidents: Sequence[Incident]
    deliveries: Sequence[Delivery]
    summary: Mapping[str, object]


class Memory:
    """The state database of one workspace."""

    def __init__(self, url: str, workspace: str) -> None:
        """Open the database, and bring it up to date. Raises StateError or UsageError."""
        self._engine = open_engine(url)
        self._workspace = workspace
        self.outbox = outbox.StoredOutbox(self._engine, workspace)

    def progress(self) -> Progress | None:
        """Return how far the workspace has been measured and judged; None before the first run."""
        with transaction(self._engine) as connection:
            return measures.read_progress(connection, self._workspace)

    def watermarks(self) -> dict[str, Watermark]:
        """Return up to when each source is known to be loaded."""
        with transaction(self._engine) as connection:
            return measures.read_watermarks(connection, self._workspace)

    def points(self, since: dt.datetime, until: dt.datetime) -> pd.DataFrame:
        """Return what was measured with a bucket in [since, until)."""
        with transaction(self._engine) as connection:
            return measures.read_points(connection, self._workspace, since, until)

    def incidents(self, since: dt.datetime | None = None) -> tuple[Incident, ...]:
        """Return the open incidents, and those resolved after `since`."""
        with transaction(self._engine) as connection:
            return incidents.read_incidents(connection, self._workspace, since=since)

    def note(self, known: Sequence[Incident], deliveries: Sequence[Delivery]) -> None:
        """Keep incidents and messages alone, where nothing could be read; in one transaction."""
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            incidents.write_incidents(connection, self._workspace, known)
            outbox.enqueue(connection, self._workspace, deliveries)

    def keep(self, step: Step) -> None:
        """Keep everything that a run changed, in one transaction.

        Raises:
            StateError: another run kept its changes since this one began; nothing is kept of this one.
        """
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            if measures.read_progress(connection, self._workspace) != step.before:
                raise StateError("another run of this workspace ended meanwhile; this one told and changed nothing")
            until = step.progress.measured_until
            measures.write_points(connection, self._workspace, step.points, step.measured_since, until)
            measures.write_watermarks(connection, self._workspace, step.watermarks)
            incidents.write_incidents(connection, self._workspace, step.incidents)
            outbox.enqueue(connection, self._workspace, step.deliveries)
            measures.write_progress(connection, self._workspace, step.progress)
            connection.execute(
                insert(schema.run).values(
                    workspace=self._workspace,
                    at=seconds(step.at),
                    judged_from=seconds(step.progress.measured_from),
                    judged_until=seconds(step.progress.judged_until),
                    summary=orjson.dumps(dict(step.summary)).decode(),
                )
            )
