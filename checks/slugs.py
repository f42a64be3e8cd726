"""Which table or column does a warehouse make of a name, and which names does it keep for itself?

Sources: segmentio/go-snakecase for the rule, Segment's warehouse schema page and RudderStack's
warehouse naming rules for what is reserved. Both services split words alike; what they do not
share is that Segment has no limit of length of its own, and PostgreSQL cuts names at 63 bytes.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z0-9]*[a-z0-9]*", re.ASCII)

TIMES = frozenset({"uuid_ts", "loaded_at", "received_at", "sent_at", "original_timestamp", "timestamp"})
RESERVED_COLUMNS = TIMES | {"id", "uuid", "user_id", "anonymous_id", "event", "event_text"}
RESERVED_TABLES = frozenset({"tracks", "identifies", "users", "pages", "screens", "groups", "accounts", "aliases"})
POSTGRES_LENGTH = 63
LENGTH = 127  # Redshift, and what RudderStack cuts to elsewhere


@lru_cache(maxsize=65536)
def slug(name: str) -> str:
    """Return the table or column name that Segment makes of an event or property name.

    >>> slug("Order Completed"), slug("orderCompleted"), slug("iOS App"), slug("HTTPRequest")
    ('order_completed', 'order_completed', 'i_os_app', 'httprequest')
    >>> slug("userId2"), slug("A/B Test"), slug("3doctors")
    ('user_id2', 'a_b_test', '_3doctors')
    """
    joined = "_".join(word.lower() for word in _WORD.findall(name) if word)
    return f"_{joined}" if joined[:1].isdigit() else joined
