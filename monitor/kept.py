"""What is dear to make, and the same for everybody until something is known anew? It is kept in the state.

So a page is as quick in a process that has just started, or in another one, as in that which evaluates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from monitor.config import Config
from monitor.errors import StateError
from monitor.fingerprint import fingerprint
from monitor.history.memory import Memory

FORM = 1  # of what is kept: another version of trackwatch may keep it otherwise


def kept(memory: Memory, config: Config, name: str, now: dt.datetime, make: Callable[[], Any]) -> Any:
    """Return what `make` returned as JSON, made anew only where a run, an action or an edit may have changed it.

    Args:
        memory: where it is kept, as a snapshot.
        config: whose files it depends on.
        name: of the snapshot.
        now: the time.
        make: makes it, as anything that JSON can say.

    Raises:
        StateError: the state database does not answer.
    """
    of = f"{FORM} {memory.shelf.stamp()} {sorted(fingerprint(config))}"
    found = memory.snapshot(name)
    if found is not None and found[1]["of"] == of:
        return found[1]["made"]
    made = make()
    with suppress(StateError):  # who looks sees it all the same, where nothing can be written now
        memory.put_snapshot(name, now, {"of": of, "made": made})
    return made
