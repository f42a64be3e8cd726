"""How fast may a channel be told, and who waits for whom?

A token bucket for each channel: Slack takes about one message a second in a channel. A run
waits a little for its turn; what would take longer is for the next pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from monitor.errors import UsageError

BURST = 3.0  # messages at once after a rest: Slack bears short bursts
LONGEST_WAIT = 10.0  # seconds that one pass waits for one channel, all in all


def bucket(per_second: float) -> Bucket:
    """Return a channel's bucket.

    Raises:
        UsageError: the channel could never be told anything.
    """
    if per_second <= 0:
        raise UsageError("per_second must be more than 0")
    return Bucket(per_second)


@runtime_checkable
class Paced(Protocol):
    """A channel that must not be told too fast."""

    turns: Bucket


@dataclass(slots=True)
class Bucket:
    """The turns of one channel. `clock` counts seconds, `sleep` lets them pass."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _tokens: float = BURST
    _at: float | None = None
    _waited: float = field(default=0.0)

    def begin(self) -> None:
        """Start a pass: it may wait anew."""
        self._waited = 0.0

    def turn(self) -> bool:
        """Wait for a turn and take it. False: that would take too long now."""
        now = self.clock()
        self._tokens = min(BURST, self._tokens + self.per_second * (now - (now if self._at is None else self._at)))
        self._at = now
        pause = max(0.0, (1.0 - self._tokens) / self.per_second)
        if self._waited + pause > LONGEST_WAIT:
            return False
        if pause:
            self.sleep(pause)
            self._waited += pause
        self._tokens -= 1.0  # below zero by what was waited for, which the clock makes good
        return True
