"""When is what evaluated, as the configuration says it?"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.config_format import ScheduleBlock, TimesBlock
from monitor.document import shortened
from monitor.routing import Unknown
from monitor.timetable import HOURLY, Group, Schedule, Timetable
from monitor.values import suggest

SECTION = "schedule"


def read_schedule(block: ScheduleBlock, zone: str, checks: Sequence[str]) -> tuple[Schedule, list[Unknown]]:
    """Return when which checks are evaluated, and what in the block contradicts itself or names nothing.

    Args:
        block: as it is written.
        zone: in which cron expressions are local times.
        checks: the names of all checks.
    """
    wrong = list[Unknown]()
    groups, taken = list[Group](), dict[str, str]()
    for name, written in block.groups.items():
        path = (SECTION, "groups", name)
        if not (written.every or written.cron):
            hint = 'such as every: 1d or cron: "0 5 * * *"'
            wrong.append(Unknown(path, f"{shortened(name)} does not say when it is evaluated", hint))
        for index, check in enumerate(written.checks):
            if check not in checks:
                said, hint = f"{shortened(check)} is not a check", suggest(check, checks)
                wrong.append(Unknown((*path, "checks", index), said, hint))
            elif check in taken:
                said = f"{check} is in the group {shortened(taken[check])} too"
                wrong.append(
                    Unknown((*path, "checks", index), said, "a check is in one group: take it out of the other")
                )
            taken.setdefault(check, name)
        groups.append(Group(name, _timetable(written, path, zone, wrong), frozenset(written.checks)))
    return Schedule(_timetable(block, (SECTION,), zone, wrong), tuple(groups)), wrong


def _timetable(block: TimesBlock, path: tuple[str, ...], zone: str, wrong: list[Unknown]) -> Timetable:
    if block.cron and block.every:
        said = f"the {block.noun.removeprefix('the ')} has an interval and a cron expression"
        wrong.append(Unknown((*path, "cron"), said, "keep one of them"))
    return Timetable(block.every or HOURLY, block.cron, zone, block.jitter)
