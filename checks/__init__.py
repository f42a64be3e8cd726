"""What can be wrong with an event stream: pure functions, one file a question."""

from __future__ import annotations

import importlib
import pkgutil

OWNER = "trackwatch"  # monitor refuses to run on somebody else's package of this name


def load() -> None:
    """Import every module of the folder: dropping a file in is installing a check."""
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        importlib.import_module(module.name)
