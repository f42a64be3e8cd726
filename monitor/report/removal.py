"""How does the plan change, if what can go without anything being changed first is taken out of it?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from monitor.document import decoded, read_bytes
from monitor.plan.load import read_plan
from monitor.plan.rewrite import without_member
from monitor.report.cleanup import CleanUp, removable


def removal(plan: Path | None, items: Iterable[CleanUp]) -> str:
    """Return the change to the plan's files, for `git apply` or `patch -p1`; empty: nothing can go yet.

    Raises:
        ConfigError: a file of the plan cannot be read.
    """
    paths = removable(items)
    parts: list[str] = []
    for document in read_plan(plan).documents if plan and paths else ():
        file = Path(document.file)
        before = after = decoded(document.file, read_bytes(file))
        for path in paths:
            for written in (path, tuple("traits" if part == "properties" else part for part in path)):
                after = without_member(after, written)
        name = file.as_posix().lstrip("/")
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        parts += difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(parts)
