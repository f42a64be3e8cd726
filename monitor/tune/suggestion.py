"""What is a suggestion? A change to the files that people write, with its evidence and what came of trying it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from monitor.backtest.comparison import Pair
from monitor.document import decoded, read_bytes
from monitor.errors import UsageError
from monitor.plan.rewrite import with_items, with_value

Incident = str  # its id


class About(StrEnum):
    """What a suggestion changes."""

    MINIMUM = "minimum effect"
    IGNORE = "ignored event"
    PRIORITY = "priority"
    HOLIDAY = "holiday"
    WEEKLY = "weekly exclusion"


@dataclass(frozen=True, slots=True)
class Edit:
    """A value at a path of a file, or an item at the end of the list there."""

    file: Path
    path: tuple[str, ...]
    value: Any
    item: bool = False

    def applied(self, text: str) -> str:
        """Return the file's text with it; nothing else in the text changes."""
        if not self.item:
            return with_value(text, self.path, self.value)
        try:
            return with_items(text, self.path, [self.value], first=False)
        except UsageError:  # one name stands there without a list
            return with_value(text, self.path, [self._only(text), self.value])

    def _only(self, text: str) -> Any:
        import yaml  # noqa: PLC0415 only where a list is written as one name

        found = yaml.safe_load(text)
        for step in self.path:
            found = found[step]
        return found


@dataclass(frozen=True, slots=True)
class Trial:
    """What a replay of the past tells with the change that it did not without, and the other way round."""

    gained: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    lost_noise: int  # of those that are lost, how many people called noise
    lost_useful: int  # and how many useful

    @property
    def holds(self) -> bool:
        """Say whether nothing is lost that people called useful."""
        return not self.lost_useful


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One change, and why."""

    about: About
    what: str
    evidence: tuple[str, ...]
    edits: tuple[Edit, ...]
    incidents: tuple[Incident, ...] = ()  # that it rests on
    trial: Trial | None = None  # None: it was not tried

    @property
    def holds(self) -> bool:
        """Say whether it is to be made: what the replay speaks against is only shown."""
        return self.trial is None or self.trial.holds


def drafts(suggestions: Iterable[Suggestion]) -> dict[Path, str]:
    """Return the files that change, with all suggestions in them."""
    texts: dict[Path, str] = {}
    for edit in (edit for each in suggestions for edit in each.edits):
        before = texts[edit.file] if edit.file in texts else written(edit.file)
        texts[edit.file] = edit.applied(before)
    return texts


def written(file: Path) -> str:
    """Return what a file holds now."""
    return decoded(str(file), read_bytes(file))


def diff(texts: Mapping[Path, str]) -> str:
    """Return the change of some files, for `git apply` or `patch -p1`."""
    parts: list[str] = []
    for file, after in sorted(texts.items()):
        name = file.as_posix().lstrip("/")
        old, new = written(file).splitlines(keepends=True), after.splitlines(keepends=True)
        parts += difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(parts)
