"""What can each check find, what does it say, and what can be set? From the registry of checks."""

from __future__ import annotations

from pathlib import Path

import checks
from checks.base import CHECKS, Kind, Registered
from made.tables import rows_of_dataclass, table

PAGES = Path(__file__).parents[1] / "checks"


def text() -> str:
    """Return a section for each check: its question, its kinds with what they say and advise, its parameters."""
    checks.load()
    return "\n\n".join(_section(CHECKS[name]) for name in sorted(CHECKS))


def _section(check: Registered) -> str:
    head = ("| kind | says | told as | family | what to do |", "|---|---|---|---|---|")
    kinds = "\n".join((*head, *map(_kind, check.kinds.items())))
    rows = list(rows_of_dataclass(check.params))
    more = f"\n\nWhat it looks at, and how: [{check.name}](../checks/{check.name}.md)." if _has_page(check.name) else ""
    return f"## {check.name}\n\n**{check.question}**{more}\n\n{kinds}" + (f"\n\n{table(rows)}" if rows else "")


def _kind(named: tuple[str, Kind]) -> str:
    name, kind = named
    family = f"`{kind.family}`" if kind.family else ""
    told = "notice" if kind.notice else "alert"
    return f"| `{name}` | {kind.title.format(subject='…')} | {told} | {family} | {kind.advice} |"


def _has_page(name: str) -> bool:
    return (PAGES / f"{name}.md").exists()
