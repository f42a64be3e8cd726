"""What is the quality of these files? Read, measure, judge; one function on one screen."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.alerts.message import Severity
from monitor.compose import Composer
from monitor.decide import Verdict
from monitor.incidents import RANK, Incident
from monitor.life import step
from monitor.output import document
from monitor.scan import measuring
from monitor.scan.facts import EventFacts, event_facts
from monitor.scan.verdicts import kind_of, verdicts
from monitor.stores.files.ingest import Ingested, ingest
from monitor.stores.files.mapping import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What was read, what came of each event, and what is wrong."""

    now: dt.datetime
    ingested: Ingested
    facts: tuple[EventFacts, ...]
    verdicts: tuple[Verdict, ...]
    once: tuple[Verdict, ...]  # the verdicts on all rows together
    incidents: tuple[Incident, ...]
    since: dt.datetime
    until: dt.datetime
    over_time: bool  # whether there were enough days and rows to judge each against those before it
    statements: int

    @property
    def composer(self) -> Composer:
        """Return what writes titles."""
        config = measuring.configuration(self.ingested.settings)
        return Composer(config.plan, kind_of, measuring.ZONE, config.budget)

    def exit_code(self, fail_on: str) -> int:
        """Return 1 when something at least as severe as `fail_on` (never, warning, critical) was found, else 0."""
        if fail_on == "never":
            return 0
        return int(any(RANK[incident.severity] >= RANK[Severity(fail_on)] for incident in self.incidents))

    def as_json(self, seconds: float, *, everything: bool = False) -> dict[str, Any]:
        """Return the JSON document of the command line's contract."""
        summary = {
            "events": len(self.facts),
            "statements": self.statements,
            "rows": self.ingested.rows,
            "bad_lines": sum(self.ingested.bad.values()),
            "seconds": round(seconds, 3),
        }
        return document(
            now=self.now,
            verdicts=self.verdicts,
            incidents=self.incidents,
            composer=self.composer,
            summary=summary,
            everything=everything,
        )


def scan(paths: Iterable[str], wishes: Wishes, now: dt.datetime) -> ScanResult:
    """Read files, and judge what is in them.

    Raises:
        UsageError: a path, layout or column that is not there
        StoreError: no file can be read
    """
    with tempfile.TemporaryDirectory(prefix="trackwatch-") as folder:
        ingested = ingest(paths, wishes, Path(folder))
        config = measuring.configuration(ingested.settings)
        measured = measuring.measure(config, ingested, now)
    facts = event_facts(ingested, measured)
    history = measuring.over_time(config, measured)
    once = verdicts(ingested, measured, facts, measuring.at_once(config, measured))
    return ScanResult(
        now=now,
        ingested=ingested,
        facts=facts,
        verdicts=(*once, *history.verdicts),
        once=tuple(once),
        incidents=(*step((), once, kind_of, measured.until), *history.incidents),
        since=measured.since,
        until=measured.until,
        over_time=history.profile is not None,
        statements=measured.reading.statements,
    )
