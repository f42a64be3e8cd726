"""Where was a replay stopped, so that it goes on there?"""

from __future__ import annotations

import hashlib
from functools import cache

from pydantic import TypeAdapter, ValidationError

from monitor.backtest.past import Past
from monitor.backtest.replay import Replayed
from monitor.config import Config
from monitor.history.memory import Memory

NAME = "replay"  # of the snapshot
EVERY = 7  # days of the past between two checkpoints


class Checkpoint:
    """The newest state of one replay, in the file in which what a backtest reads is kept."""

    def __init__(self, cache: str, config: Config, past: Past, begin: Replayed, until: object) -> None:
        """Name it after all that its outcome depends on: another plan, budget or past is another replay."""
        told = (
            config.plan,
            config.checks,
            config.budget,
            config.exclusions,
            config.store.history,
            config.store.lateness,
        )
        size = (len(past.points), float(past.points["value"].sum()), past.since, begin.since, until)
        text = repr((told, tuple(config.channels), config.zone, size))
        self._begin = begin
        self._memory = Memory(cache, f"replay-{hashlib.sha256(text.encode()).hexdigest()[:20]}")

    def load(self) -> Replayed:
        """Return how far it has come; what an older version wrote counts for nothing."""
        kept = self._memory.snapshot(NAME)
        try:
            return _adapter().validate_python(kept[1]) if kept and kept[1] else self._begin
        except ValidationError:
            return self._begin

    def save(self, replayed: Replayed) -> None:
        """Keep how far it has come."""
        self._memory.put_snapshot(NAME, replayed.until, _adapter().dump_python(replayed, mode="json"))

    def clear(self) -> None:
        """Forget it: the replay is done."""
        self._memory.put_snapshot(NAME, self._begin.until, None)


@cache
def _adapter() -> TypeAdapter[Replayed]:
    return TypeAdapter(Replayed)
