"""What would another configuration have told that this one did not, and the other way round?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.alerts.message import Reason
from monitor.backtest.replay import Replayed, Told
from monitor.incidents import Incident, Subject


class Change(StrEnum):
    """What another configuration does to an alert."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Pair:
    """An alert of one configuration beside that of another; each with when it was first told."""

    change: Change
    ours: tuple[Incident, Told] | None
    theirs: tuple[Incident, Told] | None

    @property
    def moved_by(self) -> dt.timedelta:
        """Return how much later the other configuration tells of it."""
        return self.theirs[1].at - self.ours[1].at if self.ours and self.theirs else dt.timedelta()


def compare(ours: Replayed, theirs: Replayed) -> tuple[Pair, ...]:
    """Pair the alerts of two replays of one past: those about one subject that overlap in time are one.

    Returns:
        what is gained, lost or moved with the other configuration, then what is the same; each oldest first.
    """
    here, there = _alerts(ours), _alerts(theirs)
    pairs = [*_pairs(here, there, ours.until)]
    return tuple(sorted(pairs, key=lambda pair: (list(Change).index(pair.change), _when(pair))))


def _pairs(
    here: dict[Subject, list[tuple[Incident, Told]]],
    there: dict[Subject, list[tuple[Incident, Told]]],
    end: dt.datetime,
) -> Iterator[Pair]:
    for subject in {**here, **there}:
        others = list(there.get(subject, ()))
        for own in here.get(subject, ()):
            found = next((each for each in others if _overlap(own[0], each[0], end)), None)
            if found is None:
                yield Pair(Change.LOST, own, None)
                continue
            others.remove(found)
            alike = (own[1].at, own[1].severity) == (found[1].at, found[1].severity)
            yield Pair(Change.SAME if alike else Change.MOVED, own, found)
        yield from (Pair(Change.GAINED, None, each) for each in others)


def _alerts(replayed: Replayed) -> dict[Subject, list[tuple[Incident, Told]]]:
    """Return the incidents that were told, by subject, each with its first message."""
    first = {told.incident: told for told in reversed(replayed.told) if told.reason is Reason.OPENED}
    found: dict[Subject, list[tuple[Incident, Told]]] = defaultdict(list)
    for incident in replayed.incidents:
        if incident.id in first:
            found[incident.subject].append((incident, first[incident.id]))
    return found


def _overlap(one: Incident, other: Incident, end: dt.datetime) -> bool:
    return one.started < (other.resolved or end) and other.started < (one.resolved or end)


def _when(pair: Pair) -> dt.datetime:
    shown: Sequence[tuple[Incident, Told]] = [each for each in (pair.ours, pair.theirs) if each]
    return shown[0][0].started
