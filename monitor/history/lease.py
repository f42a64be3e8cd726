"""Who evaluates a workspace, and may what it found still be kept?

A lease is a row: its holder, a token that grows with each holder, and a beat (`until`) that the
holder changes every few seconds. No two clocks are compared: who has seen the same beat for long
enough, by a clock of its own that only goes forwards, takes over (as Kubernetes' leader election
does). Being wrong about that does no harm: what an evaluation writes is kept only if the token is
still its own (fencing: Gray & Cheriton 1989, SOSP 12; Kleppmann 2016).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select, update

from monitor.errors import OvertakenError
from monitor.history import schema
from monitor.history.engine import one_at_a_time, transaction
from monitor.history.times import moment, seconds


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of a workspace as it stands in the database; holder is empty once it was given back."""

    holder: str
    token: int
    until: dt.datetime  # by its holder's clock: a beat, and a hint for people


class StoredLease:
    """The lease of one workspace in the state database. Every method is one committed transaction."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        """Work on the state database behind `engine`."""
        self._engine = engine
        self._workspace = workspace

    def read(self) -> Lease | None:
        """Return the lease, or None if nobody ever held it."""
        with transaction(self._engine) as connection:
            return _read(connection, self._workspace)

    def take(self, seen: Lease | None, holder: str, until: dt.datetime) -> int | None:
        """Take the lease from who was `seen` to hold it; return the new token, None if it has moved since.

        What the former holder was sending belongs to nobody from now on: it comes back as ambiguous.
        """
        table = schema.lease
        with transaction(self._engine) as connection:
            one_at_a_time(connection, self._workspace)
            if _read(connection, self._workspace) != seen:
                return None
            token = seen.token + 1 if seen else 1
            values = {"holder": holder, "token": token, "until": seconds(until)}
            if seen:
                connection.execute(update(table).where(table.c.workspace == self._workspace).values(**values))
            else:
                connection.execute(insert(table).values(workspace=self._workspace, **values))
            _free_claims(connection, self._workspace, token)
            return token

    def renew(self, token: int, until: dt.datetime) -> bool:
        """Change the beat; False: somebody else holds the lease."""
        return self._set(token, until=seconds(until))

    def release(self, token: int) -> bool:
        """Give the lease back, so that another may take it at once."""
        return self._set(token, holder="")

    def _set(self, token: int, **values: object) -> bool:
        table = schema.lease
        ours = (table.c.workspace == self._workspace, table.c.token == token)
        with transaction(self._engine) as connection:
            return connection.execute(update(table).where(*ours).values(**values)).rowcount == 1


def refuse_overtaken(connection: Connection, workspace: str, token: int | None) -> None:
    """Raise OvertakenError unless `token` is that of the lease; None: the writer never held one.

    To be called under `one_at_a_time`, so that the lease cannot move before the transaction ends.
    """
    if token is None:
        return
    lease = _read(connection, workspace)
    if lease is None or lease.token != token:
        raise OvertakenError("another process evaluates this workspace now; nothing of this evaluation was kept")


def _read(connection: Connection, workspace: str) -> Lease | None:
    row = connection.execute(select(schema.lease).where(schema.lease.c.workspace == workspace)).first()
    return Lease(row.holder, row.token, moment(row.until)) if row else None


def _free_claims(connection: Connection, workspace: str, token: int) -> None:
    table = schema.outbox
    stale = (table.c.workspace == workspace, table.c.state == "sending", table.c.token < token)
    connection.execute(update(table).where(*stale).values(next_try=0))
