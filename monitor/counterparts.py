"""Which tables elsewhere does the configuration compare events with, and what is wrong with how it says so?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from checks.plan import Plan
from monitor.config_format import ParityBlock
from monitor.document import shortened
from monitor.routing import Unknown
from monitor.stores.against import Against
from monitor.values import suggest


def read_counterparts(
    blocks: Mapping[str, ParityBlock], plan: Plan, sources: Collection[str], zone: str
) -> tuple[tuple[Against, ...], list[Unknown]]:
    """Return what is compared, and all that does not go together.

    Args:
        blocks: by the name of the comparison.
        plan: of the events.
        sources: that the store is known to have; empty where only its rows know.
        zone: what times without a zone mean, where a block does not say it.
    """
    found: list[Against] = []
    unknown: list[Unknown] = []
    for name, block in blocks.items():
        mistakes = list(_mistakes(block, plan, sources))
        unknown += [Unknown(("parity", name, *path), message, hint) for *path, message, hint in mistakes]
        found += [] if mistakes else [_against(name, block, zone)]
    return tuple(found), unknown


def _against(name: str, block: ParityBlock, zone: str) -> Against:
    own = {setting: getattr(block, setting) for setting in ("table", "time", "url", "event", "events", "key", "wait")}
    return Against(
        name=name,
        role=cast("Any", block.role),
        ours=block.property,
        sources=block.sources,
        where=dict(block.where),
        sample=block.sample,
        naive_zone=block.naive_zone or zone,
        **own,
    )


def _mistakes(block: ParityBlock, plan: Plan, sources: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Yield the setting (none: the block), the sentence and the hint for each mistake."""
    yield from _of_event(block, plan)
    for source in block.sources if sources else ():
        if source not in sources:
            yield "sources", f"{shortened(source)} is not a source of the store", suggest(source, sources)
    if block.url is not None and not re.match(r"[a-z][a-z0-9+]*://", block.url):
        yield "url", "url: expected the URL of a database", "such as postgresql://user@host/name"
    if not 0 < block.sample <= 1:
        yield "sample", "sample: expected a share above 0 %, up to 100 %", "write sample: 10%"
    if block.key is None:
        yield from _of_counts(block)


def _of_event(block: ParityBlock, plan: Plan) -> Iterator[tuple[str, ...]]:
    event = block.event
    if event is None and block.events is None:
        yield "'event' is missing", "write event: NAME, or events: COLUMN where a column names the event of each row"
    if event is not None and block.events is not None:
        yield "events", "the table holds one event, or a column names them, not both", "keep one of event and events"
    if event is not None and plan.events and event not in plan.events:
        yield "event", f"{shortened(event)} is not an event of the plan", suggest(event, plan.events)
    elif event is not None and block.key and not block.property and not _has_key(plan, event):
        yield "key", f"{shortened(event)} has no key in the plan", "write property: NAME, or key: true in the plan"


def _of_counts(block: ParityBlock) -> Iterator[tuple[str, ...]]:
    if len(block.sources) > 1:
        yield "sources", "rows are counted of one source, or of all", "name one, or compare by key"
    for setting in ("property", "sample"):
        if setting in block.model_fields_set:
            yield setting, f"{setting}: there is no key to compare by", "write key: COLUMN"


def _has_key(plan: Plan, event: str) -> bool:
    return bool(event in plan.events and plan.events[event].keys)
