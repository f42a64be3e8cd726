"""Into which formats of other tools can a plan be written? Each file of this folder is one.

A module says what it is (`TITLE`), what it can hold (`HOLDS`), and writes a plan (`text`). What it cannot hold
is told, never dropped in silence.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from checks.plan import Plan
from monitor.plan.holding import Holds


class Exporter(Protocol):
    """What a module of this folder has."""

    TITLE: str
    HOLDS: Holds

    def text(self, plan: Plan) -> str:
        """Return the plan in this format, as far as the format holds it."""


@cache
def exporters() -> Mapping[str, Exporter]:
    """Return the exporters by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast("Exporter", import_module(f"{__name__}.{name}")) for name in names}
