"""Which files make a configuration, and as which contents? So that it is seen when one of them was changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from monitor.config import Config


def fingerprint(config: Config) -> frozenset[tuple[Path, int, int]]:
    """Return what tells whether the configuration or its plan was changed: each file with its time and size."""
    plan = config.plan_path
    folder = sorted(plan.rglob("*.y*ml")) if plan and plan.is_dir() else [plan] if plan else []
    found = set()
    for path in (config.file, *folder):
        with suppress(OSError):
            stat = path.stat()
            found.add((path, stat.st_mtime_ns, stat.st_size))
    return frozenset(found)
