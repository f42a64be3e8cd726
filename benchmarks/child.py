"""What does a child process cost: wall and CPU seconds, and its largest resident memory?"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one child took; `cpu` is user and system time together, of all its threads."""

    wall: float  # seconds
    cpu: float  # seconds
    peak: float  # MiB


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use, set by itself before it starts."""

    cpus: int
    memory: int  # bytes of RLIMIT_DATA: everything private and writable, used or only reserved

    def apply(self) -> None:
        """Limit this process and all that it starts."""
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.cpus])
        resource.setrlimit(resource.RLIMIT_DATA, (self.memory, self.memory))


def cost(
    command: Sequence[str],
    folder: Path,
    *,
    limits: Limits | None = None,
    output: Path | None = None,
) -> Cost:
    """Run a command in a folder to its end, its output into a file or nowhere.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    prepare: Callable[[], None] | None = limits.apply if limits else None
    with (output or Path(os.devnull)).open("w") as stdout:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdout=stdout, preexec_fn=prepare)  # noqa: PLW1509 no threads here
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each number."""
    return Cost(*(statistics.median(getattr(each, name) for each in costs) for name in ("wall", "cpu", "peak")))
