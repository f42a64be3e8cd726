"""How do events lie in a RudderStack warehouse?

As in Segment's, one schema (namespace) per source and one table per event, but names are spelt
otherwise, in one of two ways, and cut to the length that the database takes. Properties with a
reserved name are dropped. Values that did not fit their column are in `rudder_discards`.
Sources: rudderlabs/rudder-transformer (warehouse/v1 names), rudder-server (warehouse rules), rudderstack-docs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.plan import Plan
from checks.slugs import RESERVED_COLUMNS
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts import warehouse
from monitor.stores.layouts.base import Layout
from monitor.stores.table import EventTable, SideTable

RESERVED = RESERVED_COLUMNS | {
    "channel", "record_id", "rudder_id", "request_ip", "context_ip", "context_request_ip", "context_passed_ip",
}  # fmt: skip
DISCARDS = "rudder_discards"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_WITH_NUMBER = re.compile(r"[A-Z0-9]+(?![a-z])|[A-Z]?[a-z0-9]+")


def spellings(name: str) -> tuple[str, ...]:
    """Return what may come of a name: numbers with their word or apart, or its letters as they are.

    >>> spellings("omega v2")
    ('omega_v2', 'omega_v_2', '_omega_v2', '_omega_v_2')
    >>> spellings("&4yasdfa(84224_fs9##_____*3q")[:2]
    ('_4yasdfa_84224_fs9_3q', '_4_yasdfa_84224_fs_9_3_q')
    >>> spellings("HTTPRequest")[:3], spellings("timestamp")
    (('http_request', 'httprequest', '_http_request'), ('timestamp',))
    """
    before = "_" * (len(name) - len(name.lstrip("_")))
    runs = re.findall(r"[A-Za-z0-9]+", name)
    ways = ("_".join(word for run in runs for word in words.findall(run)) for words in (_WITH_NUMBER, _WORD))
    made = [before + way.lower() for way in (*ways, "_".join(runs)) if way]
    found = dict.fromkeys(f"_{each}" if each[0].isdigit() else each for each in made)
    reserved = any(each in RESERVED for each in found)
    return tuple(found) if reserved else (*found, *(f"_{each}" for each in found))


PIPE = warehouse.Pipe(spellings, RESERVED, DISCARDS)


def tables(columns: Columns, settings: StoreSettings, plan: Plan) -> Iterator[EventTable]:
    """Yield the event tables of all sources, named as the plan names their events."""
    return warehouse.tables(columns, settings, plan, PIPE)


def beside(columns: Columns, settings: StoreSettings) -> Iterator[SideTable]:
    """Yield `tracks`, `users`, `accounts` and `rudder_discards` of all sources."""
    return warehouse.beside(columns, settings, PIPE)


LAYOUT = Layout(warehouse.schemas, tables, beside)
