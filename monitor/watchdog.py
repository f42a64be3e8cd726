"""Who watches the watcher? What is wrong with trackwatch itself becomes an incident like any other.

Each kind is one incident for each subject, told once and over when its cause is: never a storm.
That trackwatch is not there at all, it cannot say itself: that is what the heartbeat is for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.base import Finding, Measure
from monitor import detectability, inventory, operations, tell
from monitor.blindness import SETTLED, Known, blind
from monitor.config import Config
from monitor.detectability import Detectability
from monitor.evaluate import advance, operational
from monitor.history.memory import Memory
from monitor.history.vitals import Vitals
from monitor.inventory import Inventory
from monitor.pipeline import composer_of
from monitor.timetable import Group

BROKEN_AFTER = dt.timedelta(hours=1)  # and some tries, in which a channel took nothing
BROKEN_TRIES = 3
KINDS = ("evaluation_late", "channel_broken", "cannot_fire", "configuration_refused")
EVALUATED = "evaluated"  # the snapshot of the last evaluation that came to an end


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of trackwatch itself."""

    vitals: Vitals
    evaluated: dt.datetime | None  # when an evaluation last ended well; None: never
    down: bool = False  # the event store did not answer it
    groups: Mapping[str, dt.datetime] = field(default_factory=dict)  # check group -> when it was evaluated last
    known: Known = field(default_factory=Known)  # of the store
    refused: str = ""  # why the configuration that was changed is not in use


def health_of(memory: Memory, refused: str = "") -> Health:
    """Return what the state database knows of trackwatch itself."""
    evaluated = memory.snapshot(EVALUATED)
    said = evaluated[1].get("groups", {}) if evaluated else {}
    return Health(
        vitals=memory.vitals(),
        evaluated=evaluated[0] if evaluated else None,
        down=bool(evaluated and evaluated[1].get("error")),
        groups={name: dt.datetime.fromisoformat(at) for name, at in said.items()},
        known=_known(memory, evaluated),
        refused=refused,
    )


def _known(memory: Memory, evaluated: tuple[dt.datetime, Any] | None) -> Known:
    stored, seen = memory.snapshot(inventory.NAME), memory.snapshot(detectability.NAME)
    asked = evaluated[1].get("asked", {}) if evaluated else {}
    long = {name for name, at in asked.items() if evaluated and evaluated[0] - dt.datetime.fromisoformat(at) > SETTLED}
    return Known(
        stored=Inventory.from_json(stored[1]) if stored else None,
        seen=Detectability.from_json(seen[1]) if seen else None,
        lacking=frozenset(long - memory.shelf.measured()) if long else frozenset(),
    )


def asked_since(memory: Memory, measures: Iterable[Measure], now: dt.datetime) -> dict[str, str]:
    """Return since when each measure has been asked for, as the snapshot keeps it; `measures` are asked for now."""
    before = memory.snapshot(EVALUATED)
    known: dict[str, str] = before[1].get("asked", {}) if before else {}
    return {
        name: known.get(name, now.isoformat()) for name in sorted({each.name() for each in measures} | known.keys())
    }


def is_late(config: Config, health: Health, now: dt.datetime) -> bool:
    """Say whether an evaluation should have ended by now; a first one takes as long as it takes."""
    return bool(_overdue(config, health, now))


def _overdue(config: Config, health: Health, now: dt.datetime) -> list[tuple[Group, dt.datetime]]:
    """Return the check groups that are late, each with when it was last evaluated; the rest has no name."""
    rest, *groups = config.schedule.everything
    last = [(rest, health.evaluated), *((g, health.groups.get(g.name)) for g in groups if not health.down)]
    return [(group, at) for group, at in last if at is not None and now > group.timetable.late_after(at)]


def findings(config: Config, health: Health, now: dt.datetime) -> list[Finding]:
    """Return what is wrong with trackwatch itself now."""
    return [*_late(config, health, now), *_broken(health.vitals, now), *_blind(config, health), *_refused(health)]


def note(config: Config, memory: Memory, found: Sequence[Finding], now: dt.datetime, *, ends: bool = True) -> bool:
    """Open, continue and end the incidents about trackwatch itself; return whether anything changed.

    Args:
        config: whom to tell.
        memory: where incidents are kept.
        found: what is wrong now, of all `KINDS`.
        now: the time.
        ends: False: nothing is ended, since an evaluation that knows it open is still under way.
    """
    known = memory.incidents(since=now - config.telling.life.flap)
    still = [incident for incident in known if incident.is_open]
    over = [f for kind in KINDS for f in operations.recovered(still, found, kind)] if ends else []
    new = [f for f in found if not any(_is_about(f, g) for incident in still for g in incident.findings)]
    if not over and not new:
        return False
    after = advance(known, operational(config, [*new, *over]), now, config.telling.life)
    before = {incident.id: incident for incident in known}
    changed = [incident for incident in after if before.get(incident.id) != incident]
    told = tell.tell(changed, composer_of(config), lambda _: None, now, tuple(config.channels), config.telling)
    memory.note(told.incidents, told.deliveries)
    return True


def _is_about(finding: Finding, other: Finding) -> bool:
    return (finding.check, finding.kind, finding.property) == (other.check, other.kind, other.property)


def _late(config: Config, health: Health, now: dt.datetime) -> Iterator[Finding]:
    for group, at in _overdue(config, health, now):
        of = f" of the check group {group.name}" if group.name else ""
        text = f"The last evaluation{of} ended {at:%Y-%m-%d %H:%M} UTC; they are due {group.timetable}."
        name = group.name or None
        yield Finding(check=operations.NAME, kind="evaluation_late", property=name, since=at, text=text)


def _broken(vitals: Vitals, now: dt.datetime) -> Iterator[Finding]:
    said = {
        waiting.channel: f"{waiting.number} message(s) wait since {waiting.oldest:%Y-%m-%d %H:%M} UTC: {waiting.why}"
        for waiting in vitals.waiting
        if waiting.attempts >= BROKEN_TRIES and now - waiting.oldest > BROKEN_AFTER
    }
    said |= {channel: f"its last message could not be delivered: {why}" for channel, why in vitals.failed.items()}
    for channel, why in sorted(said.items()):
        yield Finding(check=operations.NAME, kind="channel_broken", property=channel, text=f"{channel}: {why}.")


def _blind(config: Config, health: Health) -> Iterator[Finding]:
    for name, why in blind(config, health.known):
        text = f"The check {name} can never find anything: {why}."
        yield Finding(check=operations.NAME, kind="cannot_fire", property=name, text=text)


def _refused(health: Health) -> Iterator[Finding]:
    if health.refused:
        first, *more = health.refused.splitlines()
        rest = f" And {len(more)} more." if more else ""
        yield Finding(check=operations.NAME, kind="configuration_refused", text=f"{first}.{rest}")
