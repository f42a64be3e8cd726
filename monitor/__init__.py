"""Trackwatch: asks the event store, decides, remembers, tells."""

from __future__ import annotations

import checks

if getattr(checks, "OWNER", None) != "trackwatch":
    message = (
        f"the package 'checks' that Python found is not trackwatch's: {getattr(checks, '__file__', checks)}. "
        "Install trackwatch in an environment of its own, and start it with the command 'trackwatch'."
    )
    raise ImportError(message)
