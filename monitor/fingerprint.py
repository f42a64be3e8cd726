"""Which files make a configuration, and as which contents? So that it is seen when one of them was changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from monitor.config import Config


def fingerprint(config: Config) -> frozenset[tuple[Path, int, int]]:
    """Return what tells whether the configuration was changed, its plan, or a check of one's own.

    Returns:
        each file with its time and size.
    """
    plan = [config.plan_path] if config.plan_path else []
    found = set()
    for path in (config.file, *_files(plan, "*.y*ml"), *_files(config.beside, "*.sql"), *_files(config.beside, "*.py")):
        with suppress(OSError):
            stat = path.stat()
            found.add((path, stat.st_mtime_ns, stat.st_size))
    return frozenset(found)


def _files(places: Iterable[Path], pattern: str) -> Iterator[Path]:
    for place in places:
        yield from place.rglob(pattern) if place.is_dir() else (place,)
