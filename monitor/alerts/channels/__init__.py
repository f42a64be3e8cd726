"""Which kinds of channel are there?

A channel is one file in this folder: its name is the kind, its class the name with a
capital (`slack.py` has `Slack`), a frozen dataclass whose fields are what the
configuration says. Nothing else is edited. A package of one's own adds a kind with an
entry point in the group `trackwatch.channels`.
"""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Callable
from importlib import import_module, metadata
from typing import cast

from monitor.alerts.base import Channel
from monitor.errors import UsageError

KINDS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
GROUP = "trackwatch.channels"


def channel_class(kind: str) -> Callable[..., Channel]:
    """Return the class of a kind of channel, and import it (and so its libraries) only now.

    Raises:
        UsageError: there is no such kind.
    """
    if kind in KINDS:
        return cast("Callable[..., Channel]", getattr(import_module(f"{__name__}.{kind}"), kind.capitalize()))
    for entry in metadata.entry_points(group=GROUP, name=kind):
        return cast("Callable[..., Channel]", entry.load())
    near = difflib.get_close_matches(kind, KINDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(KINDS)}"
    raise UsageError(f"no channel of kind {kind!r}; {hint}")
