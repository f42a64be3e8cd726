"""What is known of the past that is replayed?

Where trackwatch has been watching, its own memory has all measures, and the event store is not
asked. Elsewhere the store is read as a first run would read it, in chunks that are kept in a
file beside the configuration: a reading that is killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.base import Catalog, Field, Stat
from monitor import changes, inventory
from monitor.calendar import floor_day
from monitor.config import Config
from monitor.history.memory import Memory
from monitor.inventory import Inventory
from monitor.judge import wanted
from monitor.loading import OnChunk, load
from monitor.stores.base import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Measures from `since` on, what the store holds, and when each (event, source) was first seen."""

    points: pd.DataFrame  # columns of `history.points.read_points`
    catalog: Catalog
    first: Mapping[tuple[str, str], dt.datetime]
    since: dt.datetime


def learned_from(config: Config, since: dt.datetime) -> dt.datetime:
    """Return from when on the past must be known, where judging begins at `since`."""
    zone = ZoneInfo(config.zone)
    return floor_day(floor_day(since, zone) - config.store.history, zone)


def remembered(config: Config, memory: Memory, since: dt.datetime, until: dt.datetime) -> Past | None:
    """Return what trackwatch's own memory knows; None: it does not reach from the first to the last bucket."""
    progress, held = memory.progress(), memory.snapshot(inventory.NAME)
    if progress is None or held is None or progress.measured_from > since or progress.measured_until < until:
        return None
    if any(judged.until < until for judged in progress.apart.values()):
        return None  # the newest measures of a check group are not there yet
    start = learned_from(config, since)
    points = memory.points(start, until)
    catalog = _catalog(Inventory.from_json(held[1]), has_ids=bool((points["measure"] == Stat.IDS).any()))
    catalog = replace(catalog, altered=changes.remembered(memory.snapshot(changes.NAME)).altered)
    return Past(points=points, catalog=catalog, first=memory.first_seen(), since=start)


def read(config: Config, store: Store, cache: str, span: tuple[dt.datetime, dt.datetime], on_chunk: OnChunk) -> Past:
    """Read the past out of the event store.

    Args:
        config: what is measured.
        store: where the events lie.
        cache: the URL of the database in which chunks are kept.
        span: what is judged; what that is learned from is read too.
        on_chunk: told how many chunks are read, of how many.

    Raises:
        StoreError: the store does not answer; what was read is kept.
    """
    since, until = span
    start = learned_from(config, since)
    longer = replace(config, store=replace(config.store, history=until - start))
    memory = Memory(cache, _name(config, start))
    loaded = load(longer, store, memory, until, on_chunk)
    assert loaded is not None  # noqa: S101 nothing is ever judged in the cache, so that all of it is due
    points = loaded.points[loaded.points["bucket"] < until.timestamp()]
    return Past(points=points, catalog=loaded.reading.catalog, first=_first(points, memory), since=start)


def _name(config: Config, start: dt.datetime) -> str:
    """Return a name for what is read: other measures, another store or another past are something else."""
    asked = sorted(map(repr, wanted(config.checks.values(), config.plan)))
    told = "\n".join([config.workspace, config.zone, repr(config.store.settings), start.isoformat(), *asked])
    return f"backtest-{hashlib.sha256(told.encode()).hexdigest()[:20]}"


def _first(points: pd.DataFrame, memory: Memory) -> dict[tuple[str, str], dt.datetime]:
    hourly = points[(points["measure"] == Stat.ROWS) & (points["grain"] == "hour")]
    found = hourly.groupby(["event", "source"])["bucket"].min().reset_index()
    here = {
        (str(event), str(source)): dt.datetime.fromtimestamp(int(at), tz=dt.UTC)
        for event, source, at in zip(found["event"], found["source"], found["bucket"], strict=True)
    }
    return {**here, **memory.first_seen()}


def _catalog(held: Inventory, *, has_ids: bool) -> Catalog:
    fields = tuple(
        Field(event, source, name, kind)
        for event, each in held.events.items()
        for name, prop in each.properties.items()
        for source, kind in prop.types.items()
    )
    return Catalog({event: frozenset(each.sources) for event, each in held.events.items()}, fields, has_ids)
