"""Who gets the weekly report, and when?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.alerts.base import Addresses, Channel, Wakes
from monitor.config_format import WEEKLY, ReportBlock
from monitor.document import shortened
from monitor.routing import Unknown
from monitor.timetable import Timetable
from monitor.values import suggest


@dataclass(frozen=True, slots=True)
class Reporting:
    """At which local times it is sent, to which channels, and whether each owner gets theirs."""

    timetable: Timetable
    to: tuple[str, ...]
    owners: bool = False


def read_reporting(
    block: ReportBlock, zone: str, channels: Mapping[str, Channel], named: tuple[str, ...]
) -> tuple[Reporting, list[Unknown]]:
    """Return who gets the report, and what is wrong with the block.

    Args:
        block: as it is written.
        zone: in which times are meant.
        channels: those that could be read.
        named: all that the configuration names.
    """
    reporting = Reporting(Timetable(cron=block.cron or WEEKLY, zone=zone), block.to, block.owners)
    return reporting, list(_wrong(block, channels, named))


def _wrong(block: ReportBlock, channels: Mapping[str, Channel], named: tuple[str, ...]) -> Iterator[Unknown]:
    for i, name in enumerate(block.to):
        if name not in named:
            hint = suggest(name, sorted(named))
            yield Unknown(("report", "to", i), f"{shortened(name)} is not a channel", hint)
        elif isinstance(channels.get(name), Wakes):
            message = f"channel {shortened(name)} wakes people up, and takes no reports"
            yield Unknown(("report", "to", i), message, "name a channel that is read: email, slack, webhook")
    sound = all(name in channels for name in block.to)
    if block.owners and sound and not any(isinstance(channels[name], Addresses) for name in block.to):
        message = "owners: none of the channels in 'to' can tell one person alone"
        yield Unknown(("report", "owners"), message, "add one of kind email to 'to', or take owners away")
