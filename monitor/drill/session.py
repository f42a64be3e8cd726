"""In which order are faults planted, so that every class and as many events as possible are covered first?"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.drill.drilling import Drilled, drilled
from monitor.drill.fault import Fault
from monitor.drill.ground import Ground
from monitor.drill.known import Place

NOT_QUIET = "is never quiet for long enough: something is wrong there, or too little of its past is known"


STORE = "the whole store"


@dataclass(frozen=True, slots=True)
class Refused:
    """A fault that cannot happen somewhere, and why."""

    fault: str
    subject: str  # an event, or a source
    why: str


@dataclass(slots=True)
class _Queue:
    """The events (or sources) in which one class of faults is still to be planted."""

    fault: Fault
    seed: int
    subjects: deque[tuple[str, int]] = field(default_factory=deque)  # each with how often it was struck already
    drilled: int = 0

    @classmethod
    def of(cls, fault: Fault, ground: Ground, seed: int) -> _Queue:
        """Put them in an order that the seed says."""
        subjects = {"event": ground.known.rows, "source": ground.known.sources, "store": (STORE,)}
        known = sorted(subjects[fault.strikes])
        order = np.random.default_rng([seed, zlib.crc32(fault.name.encode())]).permutation(len(known))
        return cls(fault, seed, deque((known[i], 0) for i in order))

    def next(self, ground: Ground) -> Iterator[Drilled | Refused]:
        """Yield what cannot be, up to the next fault that can, and what became of it."""
        while self.subjects:
            subject, times = self.subjects.popleft()
            found = self._try(ground, subject, times)
            yield found
            if isinstance(found, Drilled):
                self.subjects.append((subject, times + 1))
                self.drilled += 1
                return

    def _try(self, ground: Ground, subject: str, times: int) -> Drilled | Refused:
        name = self.fault.name
        rng = np.random.default_rng([self.seed, zlib.crc32(f"{name}/{subject}".encode()), times])
        place = self.fault.place(ground.known, subject, rng)
        if not isinstance(place, Place):
            return Refused(name, subject, place)
        onset = ground.onset(place, self.fault.lasts, rng)
        if onset is None:
            return Refused(name, subject, NOT_QUIET)
        return drilled(ground, self.fault, place, onset, rng)


def session(
    ground: Ground, faults: Sequence[Fault], seed: int, each: int | None, going_on: Callable[[], bool]
) -> Iterator[Drilled | Refused]:
    """Yield what becomes of one fault after the other: of each class in turn, in events that were not struck yet.

    Args:
        ground: what they are planted into.
        faults: the classes.
        seed: the same one plants the same faults, in the same order.
        each: how many of each class, at most; None: as many as there is time for.
        going_on: asked before each of them.
    """
    queues = [_Queue.of(fault, ground, seed) for fault in faults]
    while queues:
        for queue in queues:
            if not going_on():
                return
            yield from queue.next(ground)
        queues = [queue for queue in queues if queue.subjects and (each is None or queue.drilled < each)]
