"""What do all checks measure in a table of events that was read from files, and what do they say of it?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from checks.base import CHECKS, Bucket, Finding, Stat
from checks.duplicates import DuplicatesParams
from checks.plan import Plan
from checks.unused import UnusedParams
from monitor import windows
from monitor.calendar import floor_day, floor_hour
from monitor.config import Budget, CheckConfig, Config, StoreConfig
from monitor.decide import Verdict, decide
from monitor.errors import StoreError
from monitor.evaluate import Evaluation, advance, stretches
from monitor.incidents import Incident
from monitor.judge import judge, kind_of, wanted
from monitor.known_checks import load_checks
from monitor.profile import ByDay, Measurements
from monitor.reading import Reading, read, request
from monitor.stores.base import StoreSettings
from monitor.stores.files.ingest import Ingested
from monitor.stores.sql import SqlStore
from monitor.timetable import Schedule

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(weeks=1)
ZONE = ZoneInfo("UTC")
FALSE_ALERTS = 1.0  # that a scan may tell, however long the past is
MOST_WINDOWS = 60  # into which a past is cut: each is judged by what was known before it
MOST_DAYS = 400  # of a past that is judged over time: a year, to know its seasons
FEWEST = 2.0  # rows a day: of less, nothing can be said over time
_PARAMS = {
    "duplicates": DuplicatesParams(tolerance=1.0),  # exact copies are told once for the whole files, not by the day
    "unused": UnusedParams(min_rows=20, min_days=1),  # a file is all there is
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of the files, and over which time."""

    reading: Reading
    since: dt.datetime  # midnight, UTC
    until: dt.datetime  # midnight after the last event
    complete: dt.datetime  # end of the last whole hour

    @property
    def too_few(self) -> bool:
        """Say whether there are too few rows to judge over time."""
        points = self.reading.points
        by_day = points[(points["measure"] == Stat.ROWS) & (points["grain"] == "day")]
        recent = by_day.loc[by_day["bucket"] >= self.recent.timestamp(), "value"].sum()
        return bool(recent < FEWEST * ((self.until - self.recent) / DAY))

    @property
    def recent(self) -> dt.datetime:
        """Return the start of what is judged over time."""
        return max(self.since, self.until - MOST_DAYS * DAY)

    def measurements(self, since: dt.datetime, until: dt.datetime) -> Measurements:
        """Return the series of a stretch of time."""
        return Measurements(self.reading.points, self.reading.catalog, since=since, until=until, zone=ZONE)


def configuration(settings: StoreSettings) -> Config:
    """Return the configuration of a scan: every check, no plan, nobody to tell."""
    load_checks()
    enabled = {name: CheckConfig(name, _PARAMS.get(name, known.params())) for name, known in CHECKS.items()}
    none = dt.timedelta()
    return Config(
        file=Path("scan"),
        workspace="scan",
        zone=str(ZONE),
        plan=Plan(),
        plan_path=None,
        store=StoreConfig(settings, none, none, None, none),
        state_url="",
        budget=Budget(FALSE_ALERTS),
        checks=enabled,
        exclusions=(),
        channels={},
        base_url=None,
        schedule=Schedule(),
    )


def measure(config: Config, ingested: Ingested, now: dt.datetime) -> Measured:
    """Measure everything that the checks want up to now, in one statement. Raises StoreError."""
    first = ingested.first or dt.datetime(1971, 1, 2, tzinfo=dt.UTC)  # rows without any time lie there
    last = max(min(ingested.last or first, now + DAY), first)
    since, until = floor_day(first, ZONE), floor_day(last, ZONE) + DAY
    store = SqlStore(config.store.settings, config.plan)
    try:
        asked = request(wanted(config.checks.values(), config.plan), since, until, config.zone)
        reading = read(store, asked, {})
    finally:
        store.close()
    for failure in reading.failures:
        raise StoreError(f"what was read cannot be measured: {failure.reason}")
    return Measured(reading, since, until, floor_hour(last, ZONE))


def over_time(config: Config, measured: Measured) -> Evaluation:
    """Judge the past by the day, and its end by the hour too; the first two weeks only serve to learn."""
    due = [] if measured.too_few else _due(measured)
    if not due:
        return Evaluation((), (), None)
    budget = Budget(FALSE_ALERTS * WEEK / (due[-1].end - due[0].start))
    measurements = measured.measurements(measured.recent, due[-1].end)
    verdicts: list[Verdict] = []
    incidents: tuple[Incident, ...] = ()
    for window in due:
        profile = measurements.profile(window, tuple(stretches(incidents)))
        by_day = ByDay(profile) if window is not due[-1] else profile
        new = decide(judge(_timed(config), by_day, config.plan), config.plan, budget, kind_of)
        incidents = advance(incidents, new, window.end)
        verdicts += new
    return Evaluation(tuple(verdicts), incidents, profile)


def _due(measured: Measured) -> list[Bucket]:
    """Return what is judged: a day at a time, or as many as make a long past bearable; at the end one day."""
    first = floor_day(measured.recent + windows.LEARNING, ZONE)
    days = [each.bucket for each in windows.to_judge({"": first}, {"": measured.complete}, ZONE)]
    step = max(len(days) // MOST_WINDOWS, 1)
    cuts = [day.start for day in days[:-1:step]] + [day.start for day in days[-1:]] + [day.end for day in days[-1:]]
    return [Bucket(start, end) for start, end in pairwise(cuts)]


def _timed(config: Config) -> list[CheckConfig]:
    return [each for name, each in config.checks.items() if name != "unused"]


def at_once(config: Config, measured: Measured) -> list[Finding]:
    """Judge what is said of all rows together: properties that nobody fills."""
    profile = measured.measurements(measured.since, measured.until).profile(Bucket(measured.since, measured.until))
    return judge([config.checks["unused"]], profile, config.plan)
