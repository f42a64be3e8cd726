"""What does a run find out beside measures: what the store holds, and what of it anybody reads?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.base import Usage
from monitor import changes, inventory
from monitor.changes import Changes
from monitor.config import Config
from monitor.errors import StoreError
from monitor.history.memory import Memory
from monitor.inventory import Inventory
from monitor.loading import Loaded
from monitor.stores.base import Store
from monitor.usage import survey
from monitor.usage.survey import Survey

EVERY = dt.timedelta(hours=20)  # queries are looked at once a day, with the first run that has days to judge


@dataclass(frozen=True, slots=True)
class Stock:
    """What was found out."""

    inventory: Inventory
    changes: Changes  # of the store's schema
    survey: Survey | None  # None: nobody said where queries lie, or the store did not answer
    fresh: bool  # it was made now

    @property
    def usage(self) -> Usage | None:
        """Return what checks see of who reads what."""
        return self.survey.usage if self.survey else None

    @property
    def snapshots(self) -> Mapping[str, Any]:
        """Return what is kept with the run."""
        kept = {inventory.NAME: self.inventory.to_json(), changes.NAME: self.changes.to_json()}
        return {**kept, survey.NAME: self.survey.to_json()} if self.survey and self.fresh else kept


def take(config: Config, store: Store, memory: Memory, loaded: Loaded, now: dt.datetime) -> Stock:
    """Take stock of what was just read."""
    last = memory.snapshot(inventory.NAME)
    before = Inventory.from_json(last[1]) if last else None
    looked = (last[0], before) if last and before else None
    altered = changes.seen(loaded.reading.catalog, looked, changes.remembered(memory.snapshot(changes.NAME)), now)
    days, span = loaded.points if loaded.plan.days else None, (loaded.since, loaded.progress.measured_until)
    sizes = store.sizes() if loaded.plan.days else ()
    held = inventory.take(loaded.reading.catalog, days, span, before, sizes)
    return Stock(held, altered, *_surveyed(config, store, memory, loaded, now))


def _surveyed(
    config: Config, store: Store, memory: Memory, loaded: Loaded, now: dt.datetime
) -> tuple[Survey | None, bool]:
    if config.usage is None:
        return None, False
    last = memory.snapshot(survey.NAME)
    if last is None or (loaded.plan.days and now - last[0] >= EVERY):
        try:
            return survey.survey(config.usage, store, loaded.reading.catalog, now), True
        except StoreError:  # what the store does not say about its views stops no verdict on its events
            pass
    return (Survey.from_json(last[1]) if last else None), False
