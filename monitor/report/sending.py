"""Which report is due, who gets it, and which of them does the archive keep?

A report goes into the outbox as any message does, in the transaction that puts it into the archive: what is in the
archive as sent is never sent again, whoever asks, and after whatever crash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from monitor.alerts.base import Addresses
from monitor.alerts.deliver import Delivery
from monitor.config import Config
from monitor.history.memory import Issue, Memory
from monitor.history.reports import Kept
from monitor.report.content import Report
from monitor.report.gather import report_of
from monitor.report.message import message
from monitor.report.week import Week

NAME = "reports"  # the snapshot of up to when it was seen whether one is due
PATIENCE = dt.timedelta(hours=12)  # for the last hours of a week to be judged, after the time at which it is due


def send_due(memory: Memory, config: Config, now: dt.datetime) -> bool:
    """Send the report of the newest week that is over, if a time for it has passed; return whether it was.

    The first time is the next one after the configuration first asked for reports. Of times that were missed, one is
    made up for. Raises StateError or OvertakenError.
    """
    if config.reporting is None:
        return False
    seen = memory.snapshot(NAME)
    if seen is None:
        memory.put_snapshot(NAME, now, {})
        return False
    due, week = config.reporting.timetable.after(seen[0]), Week.before(now, ZoneInfo(config.zone))
    if due > now or (not is_judged(memory, config, week) and now - due < PATIENCE):
        return False
    return send(memory, config, week, now)


def send(memory: Memory, config: Config, week: Week, now: dt.datetime, *, again: bool = False) -> bool:
    """Put the reports of a week into the archive and the outbox, where they were not sent before or are sent `again`.

    Returns whether any was put there. Raises StateError or OvertakenError.
    """
    if config.reporting is None:
        return False
    whole = report_of(memory, config, week, now)
    mine = [report_of(memory, config, week, now, owner) for owner in _owners(config)]
    suffix = f"{now:%Y%m%dT%H%M%S}" if again else ""
    reports = [
        (kept(whole, sent=True), [_delivery(whole, name, suffix) for name in config.reporting.to]),
        *(_to_owner(config, each, suffix) for each in mine),
    ]
    return memory.publish(Issue(at=now, reports=reports, snapshots={NAME: {}}, again=again))


def send_to_owner(memory: Memory, config: Config, week: Week, now: dt.datetime, owner: str, *, again: bool) -> bool:
    """Do the same with the report of one owner, who alone is told."""
    suffix = f"{now:%Y%m%dT%H%M%S}" if again else ""
    report = _to_owner(config, report_of(memory, config, week, now, owner), suffix)
    return memory.publish(Issue(at=now, reports=[report], again=again))


def keep_finished(memory: Memory, config: Config, now: dt.datetime) -> None:
    """Put the report of the week that is over into the archive, once all of it is judged."""
    week = Week.before(now, ZoneInfo(config.zone))
    if is_judged(memory, config, week) and memory.reported(str(week)) is None:
        memory.publish(Issue(at=now, reports=[(kept(report_of(memory, config, week, now), sent=False), ())]))


def is_judged(memory: Memory, config: Config, week: Week) -> bool:
    """Say whether all of a week has been judged."""
    progress = memory.progress()
    return progress is not None and progress.oldest >= week.span(ZoneInfo(config.zone)).end


def kept(report: Report, *, sent: bool) -> Kept:
    """Return a report as the archive keeps it."""
    return Kept(
        week=str(report.week),
        audience=report.owner or "",
        at=report.made,
        sent=sent,
        head={"sentence": report.sentence, "score": report.score.value, "open": len(report.opened)},
        body=report.to_json(),
    )


def reachable(config: Config, owner: str) -> bool:
    """Say whether some channel of the report can tell an owner alone."""
    return any(_reaching(config, owner))


def _owners(config: Config) -> Sequence[str]:
    """Return the owners who get a report of their own."""
    if config.reporting is None or not config.reporting.owners:
        return ()
    named = dict.fromkeys(event.owner for event in config.plan.events.values() if event.owner)
    return [owner for owner in named if reachable(config, owner)]


def _reaching(config: Config, owner: str) -> Iterator[str]:
    """Yield the channels of the report that can tell somebody alone."""
    for name in config.reporting.to if config.reporting else ():
        channel = config.channels[name]
        if isinstance(channel, Addresses) and channel.reaches(owner):
            yield name


def _to_owner(config: Config, report: Report, again: str) -> tuple[Kept, Sequence[Delivery]]:
    names = _reaching(config, report.owner or "")
    return kept(report, sent=True), [_delivery(report, name, again, to=report.owner) for name in names]


def _delivery(report: Report, channel: str, again: str, to: str | None = None) -> Delivery:
    told = message(report, to=to, again=again)
    return Delivery(id=f"{told.id}-{channel}", channel=channel, message=told)
