"""What would the service have judged and told, hour by hour, knowing nothing of what came later?

The same pure functions as in a live run: `evaluate` judges each bucket with the past that lay
before it, `tell` says who is told. What a replay cannot know is when each load came: it is as if
all of them had come in time, and nobody had touched an incident.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from checks.base import Bucket
from monitor import tell
from monitor.alerts.message import Message, Reason, Severity
from monitor.backtest.past import Past
from monitor.calendar import midnights
from monitor.compose import Composer
from monitor.config import Config
from monitor.decide import Verdict
from monitor.evaluate import Evaluation, Judged, Replaying, evaluate
from monitor.gate import Due
from monitor.incidents import Incident
from monitor.pipeline import composer_of
from monitor.profile import Measurements

WAIT = dt.timedelta(hours=1)  # for late rows, where the configuration does not say how long


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message that would have been sent."""

    at: dt.datetime
    incident: str
    reason: Reason
    severity: Severity
    title: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a stretch of the past, as far as it has been replayed."""

    since: dt.datetime
    until: dt.datetime
    tests: int = 0
    problems: tuple[Verdict, ...] = ()
    incidents: tuple[Incident, ...] = ()  # all of them, those that ended too, the oldest first
    told: tuple[Told, ...] = ()

    @property
    def weeks(self) -> float:
        """Return how long it was."""
        return (self.until - self.since) / dt.timedelta(weeks=1)

    @property
    def alerts(self) -> tuple[Told, ...]:
        """Return what would have told of something new."""
        return tuple(each for each in self.told if each.reason is Reason.OPENED)

    @property
    def per_week(self) -> float:
        """Return the alerts of a week."""
        return len(self.alerts) / self.weeks if self.weeks else 0.0

    def of(self, incident: Incident) -> tuple[Told, ...]:
        """Return what would have been told of an incident."""
        return tuple(each for each in self.told if each.incident == incident.id)


@dataclass(slots=True)
class Teller:
    """Tells at the end of each bucket what a run would have told then."""

    config: Config
    composer: Composer
    told: list[Told] = field(default_factory=list)

    def at(self, end: dt.datetime) -> dt.datetime:
        """Return when a bucket that ends then is judged, and told of."""
        return end + (WAIT if self.config.store.lateness is None else self.config.store.lateness)

    def __call__(self, incidents: tuple[Incident, ...], end: dt.datetime) -> tuple[Incident, ...]:
        """Return the incidents, with what people believe of them after the messages of that hour."""
        at = self.at(end)
        channels = tuple(self.config.channels)
        told = tell.tell(incidents, self.composer, lambda _: None, at, channels, self.config.telling)
        sent = {
            message.id: [d.channel for d in told.deliveries if d.message.id == message.id] for message in told.messages
        }
        self.told += [_told(message, tuple(sent[message.id])) for message in told.messages]
        return told.incidents


def _told(message: Message, channels: tuple[str, ...]) -> Told:
    return Told(
        at=message.at.astimezone(dt.UTC),
        incident=message.incident,
        reason=message.reason,
        severity=message.severity,
        title=message.title,
        channels=channels,
    )


def replay(config: Config, past: Past, since: dt.datetime, until: dt.datetime) -> Iterator[Replayed]:
    """Yield what came of [since, …) after each local day up to `until`, which is the last one.

    Args:
        config: what is checked, and who is told.
        past: the measures, from `config.store.history` before `since` on.
        since: the first bucket that is judged, a local midnight.
        until: the end of the last one.
    """
    yield from resume(config, past, Replayed(since=since, until=since), until)


def resume(config: Config, past: Past, so_far: Replayed, until: dt.datetime) -> Iterator[Replayed]:
    """Yield what comes of the days after those that are replayed already."""
    teller = Teller(config, composer_of(config), list(so_far.told))
    for replayed, _ in walked(config, measurements_of(config, past, until), so_far, until, teller):
        yield replayed


def walked(
    config: Config,
    measurements: Measurements,
    so_far: Replayed,
    until: dt.datetime,
    teller: Teller,
    judged: Judged | None = None,
) -> Iterator[tuple[Replayed, Evaluation]]:
    """Yield what comes of each day after those that are replayed already, and all verdicts of that day.

    Args:
        config: what is checked, and who is told.
        measurements: all measures, up to `until`.
        so_far: what is replayed already.
        until: where it ends.
        teller: called at the end of each bucket.
        judged: what is found in a window; by default, what the checks find.
    """
    replaying = Replaying(after=teller) if judged is None else Replaying(after=teller, judged=judged)
    for start, end in pairwise(_days(so_far.until, until, ZoneInfo(config.zone))):
        known, ended = _remembered(so_far.incidents, start - config.store.history)
        found = evaluate(config, measurements, [Due(Bucket(start, end))], known, replaying=replaying)
        problems = [verdict for verdict in found.verdicts if verdict.problem]
        so_far = replace(
            so_far,
            until=end,
            tests=so_far.tests + len(found.verdicts),
            problems=(*so_far.problems, *problems),
            incidents=tuple(sorted((*ended, *found.incidents), key=lambda incident: incident.started)),
            told=tuple(teller.told),
        )
        yield so_far, found


def measurements_of(config: Config, past: Past, until: dt.datetime) -> Measurements:
    """Return what was measured, as the evaluation wants it."""
    return Measurements(
        past.points,
        past.catalog,
        since=past.since,
        until=until,
        zone=ZoneInfo(config.zone),
        exclusions=config.exclusions,
        first=past.first,
        learn=config.store.history,
    )


def _days(since: dt.datetime, until: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    return sorted({since, *(at for at in midnights(since, until, zone) if since < at < until), until})


def _remembered(incidents: Sequence[Incident], since: dt.datetime) -> tuple[list[Incident], list[Incident]]:
    """Return the incidents that a run would still know, and those that ended before all that it learns from."""
    known = [each for each in incidents if each.resolved is None or each.resolved > since]
    return known, [each for each in incidents if not (each.resolved is None or each.resolved > since)]
