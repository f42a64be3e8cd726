"""Does this process evaluate its workspace, or another one?

Several processes may serve one workspace; one of them leads. It changes the beat of the lease every
`BEAT`; a process that saw the same beat for `LENGTH` takes over. Where the state is a file, there is
one process only, which the file system itself sees to.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from monitor.errors import UsageError
from monitor.history.lease import Lease
from monitor.history.memory import Memory

BEAT = dt.timedelta(seconds=5)
LENGTH = dt.timedelta(seconds=15)  # with a beat before and after it, a lost leader is replaced within 25 s

_log = logging.getLogger(__name__)


class Leadership:
    """The part of one process in who evaluates a workspace.

    Args:
        memory: whose lease it is, and which is fenced by it.
        holder: a name for this process that no other has.
        ticking: seconds of a clock that only goes forwards, such as `time.monotonic`.
    """

    def __init__(self, memory: Memory, holder: str, ticking: Callable[[], float]) -> None:
        """Begin as one who does not lead."""
        self._memory = memory
        self._holder = holder
        self._ticking = ticking
        self._token: int | None = None
        self._seen: tuple[Lease | None, float] | None = None  # the newest beat of another, and when it was first seen

    @property
    def leading(self) -> bool:
        """Say whether this process held the lease at its last beat."""
        return self._token is not None

    def beat(self, now: dt.datetime) -> bool:
        """Hold the lease, or take it over from who no longer does; return whether this process leads.

        To be called every `BEAT`. Raises StateError where the state database does not answer.
        """
        if self._token is not None:
            if self._memory.lease.renew(self._token, now + LENGTH):
                return True
            _log.warning("another process took over the evaluation of this workspace")
            self._token = None
        lease = self._memory.lease.read()
        if self._is_free(lease):
            self._take(lease, now)
        return self.leading

    def leave(self) -> None:
        """Give the lease back, so that another process need not wait."""
        if self._token is not None:
            self._memory.lease.release(self._token)
            self._token = None

    def _is_free(self, lease: Lease | None) -> bool:
        if lease is None or not lease.holder:
            return True
        if self._seen is None or self._seen[0] != lease:
            self._seen = (lease, self._ticking())
        return self._ticking() - self._seen[1] > LENGTH.total_seconds()

    def _take(self, lease: Lease | None, now: dt.datetime) -> None:
        self._token = self._memory.lease.take(lease, self._holder, now + LENGTH)
        if self._token is not None:
            self._memory.fence(self._token)
            _log.info("this process evaluates from now on (lease %d)", self._token)


def only_process(state: Path, workspace: str) -> FileLock:
    """Lock a workspace of a state file until `release()`, or until this process ends.

    Raises:
        UsageError: another process serves from it.
    """
    lock = FileLock(f"{state}.{quote(workspace, safe='')}.lock")
    state.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        message = (
            f"another 'trackwatch serve' watches {workspace} with {state}: several processes need a PostgreSQL as state"
        )
        raise UsageError(message) from None
    return lock
