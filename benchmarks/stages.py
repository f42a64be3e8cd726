"""Where does the time of the demo go? CPU seconds by stage.

python benchmarks/stages.py FOLDER ROWS
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from monitor.demo.home import demo_config
from monitor.demo.shop import build
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.stores.opening import open_store


class Stages:
    """CPU seconds since the last mark, by the name of what was done."""

    def __init__(self) -> None:
        """Begin with the start of the process."""
        self.seen: dict[str, float] = {}
        self._last = 0.0

    def done(self, name: str) -> None:
        """Count the time since the last mark to a stage."""
        now = time.process_time()
        self.seen[name] = self.seen.get(name, 0.0) + now - self._last
        self._last = now


class TimedStore:
    """A store whose answers are a stage of their own."""

    def __init__(self, store, stages: Stages) -> None:
        """Stand before a store."""
        self._store, self._stages = store, stages

    def catalog(self, window=None):
        """Ask for the catalogue."""
        return self._timed(self._store.catalog, window)

    def measure(self, request):
        """Ask for the measures."""
        return self._timed(self._store.measure, request)

    def _timed(self, ask, *arguments):
        self._stages.done("prepare the run")
        answer = ask(*arguments)
        self._stages.done("ask the store")
        return answer


class TimedMemory:
    """A memory whose writing is a stage of its own."""

    def __init__(self, memory, stages: Stages) -> None:
        """Stand before a memory."""
        self._memory, self._stages = memory, stages

    def __getattr__(self, name: str):
        """Give on whatever is not timed."""
        return getattr(self._memory, name)

    def keep(self, step) -> None:
        """Write, and count the time."""
        self._stages.done("judge, draw charts")
        self._memory.keep(step)
        self._stages.done("remember")


def stages(folder: Path, rows: int) -> dict[str, float]:
    """Do what the demo does, and return each stage's CPU seconds."""
    clock = Stages()
    clock.done("imports")
    shop = build(folder / "shop.duckdb", rows=rows)
    clock.done("make the shop")
    config = demo_config(folder)
    store = TimedStore(open_store(config.store.settings, config.plan), clock)
    memory = TimedMemory(Memory(config.state_url, config.workspace), clock)
    run(Installation(config, store, memory), shop.now)
    clock.done("tell")
    return clock.seen


if __name__ == "__main__":
    for stage, seconds in stages(Path(sys.argv[1]), int(sys.argv[2])).items():
        print(f"  {stage:20} CPU {seconds:6.1f} s")
