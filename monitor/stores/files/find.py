"""Which files do the paths on the command line mean?"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import UsageError

DATA = re.compile(r"\.(csv|tsv|txt|json|jsonl|ndjson|parquet|pq|gz)$", re.IGNORECASE)
_PART = re.compile(r"[-_. ]*(part|chunk|data)?[-_ ]*\d[\d\-_T:]*([-_.][0-9a-f]{8,}.*)?$", re.IGNORECASE)
_KEY = re.compile(r"\w+=")  # a folder that says something of the rows below it


@dataclass(frozen=True, slots=True)
class Found:
    """The files to read, and how many of a folder's files are plainly something else."""

    files: tuple[Path, ...]
    passed_over: tuple[Path, ...] = ()


def find(paths: Iterable[str]) -> Found:
    """Expand files, folders and globs, each file once, in order of name.

    Raises:
        UsageError: a path that is not there, a glob that matches nothing, a folder without data
    """
    files: dict[Path, None] = {}
    passed: dict[Path, None] = {}
    for path in paths:
        for file, named in _expand(path):
            (files if named or DATA.search(file.name) else passed)[file] = None
    return Found(tuple(files), tuple(passed))


def event_name(path: Path) -> str:
    """Return the event that a file without an event column is taken for: its name, without date and part.

    >>> event_name(Path("orders/2026-03-01.csv.gz")), event_name(Path("page_views_0001.csv"))
    ('orders', 'page_views')
    >>> event_name(Path("orders/day=2026-03-01/hr=13/part-0.parquet"))
    'orders'
    """
    stem = path.name.split(".")[0] or path.name
    folders = [folder for folder in reversed(path.resolve().parent.parts[1:]) if not _KEY.match(folder)]
    return next((name for name in (_PART.sub("", each) for each in (stem, *folders)) if name), stem)


def _expand(path: str) -> Iterator[tuple[Path, bool]]:
    found = Path(path).expanduser()
    if found.is_dir():
        inside = sorted(file for file in found.rglob("*") if file.is_file() and not _hidden(file, found))
        if not inside:
            raise UsageError(f"{path}: the folder holds no files")
        yield from ((file, False) for file in inside)
    elif found.exists():
        yield found, True
    else:
        matches = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []  # noqa: PTH207 of any folder
        if not matches:
            raise UsageError(f"{path}: no such file or folder")
        yield from ((Path(match), True) for match in matches if Path(match).is_file())


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
