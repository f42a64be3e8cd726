"""What can be wrong with an event stream: pure functions, one file a question.

A package of one's own adds a check with an entry point in the group `trackwatch.checks`
that names its module.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib import metadata

GROUP = "trackwatch.checks"
OWNER = "trackwatch"  # monitor refuses to run on somebody else's package of this name


def load() -> None:
    """Import every module of the folder, and those that other packages announce: being there is being installed."""
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        importlib.import_module(module.name)
    for entry in metadata.entry_points(group=GROUP):
        entry.load()
