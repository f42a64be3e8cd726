"""How is the state database opened, and is it of the version that this code knows?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from monitor.errors import StateError, UsageError
from monitor.history.schema import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"
ASLEEP = "15s"  # for which a transaction that changes something may do nothing
# a database that is gone without a word is noticed within half a minute, not after the two hours that systems wait
REACH = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}


def open_engine(url: str) -> Engine:
    """Connect to the state database (SQLite or PostgreSQL) and bring its tables up to date.

    Raises:
        UsageError: the URL is not one of SQLite or PostgreSQL.
        StateError: the database does not answer, or was written by a newer trackwatch.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError("state: not a database URL; write sqlite:///trackwatch.db or postgresql://…") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        message = f"state: {parsed.get_backend_name()} cannot keep the state; write sqlite:///… or postgresql://…"
        raise UsageError(message)
    shown = parsed.render_as_string(hide_password=True)
    try:
        engine = create_engine(_reaching(parsed), poolclass=NullPool)
        if parsed.get_backend_name() == "sqlite":
            _prepare_sqlite(engine, parsed.database)
        _bring_up_to_date(engine)
    except (SQLAlchemyError, NoSuchModuleError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StateError(f"state database {shown} cannot be used: {reason}") from error
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run statements that are all kept or all dropped; a database that fails is a StateError."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StateError(f"state database: {reason}") from error


def one_at_a_time(connection: Connection, workspace: str) -> None:
    """Wait until no other transaction changes this workspace, until this one ends. SQLite has one writer anyway.

    A process that falls asleep here, or whose machine is gone, would keep all others waiting: PostgreSQL ends its
    transaction after `ASLEEP`.
    """
    if connection.dialect.name == "postgresql":
        name = func.hashtextextended(f"trackwatch {workspace}", 0)
        wakes = func.set_config("idle_in_transaction_session_timeout", ASLEEP, True)
        connection.execute(select(wakes, func.pg_advisory_xact_lock(name)))


def _reaching(url: URL) -> URL:
    """Return the address with limits on how long silence is borne, but for those that it has itself."""
    if url.get_backend_name() != "postgresql":
        return url
    return url.update_query_dict({name: str(value) for name, value in REACH.items() if name not in url.query})


def _prepare_sqlite(engine: Engine, database: str | None) -> None:
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        # a plain BEGIN takes the write lock too late and then fails at once instead of waiting
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect() as connection:
        found = _version(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        message = f"the state database is of version {found}, this trackwatch knows {HEAD}: install a newer trackwatch"
        raise StateError(message)
    _migrate(engine)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 half a second of import, needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        one_at_a_time(connection, "migration")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
