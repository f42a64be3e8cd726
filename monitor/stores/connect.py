"""How is a store opened so that it can only be read, and how do its errors become sentences?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from monitor.errors import StoreError
from monitor.stores.base import StoreSettings

DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def engine(settings: StoreSettings) -> sa.Engine:
    """Return an engine of at most two connections, all read-only; nothing is connected yet.

    Raises:
        StoreError: the URL cannot be read, or no driver for it is installed.
    """
    try:
        url = sa.make_url(settings.url)
        url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
        arguments = _arguments(url, settings.timeout)
        return sa.create_engine(url, connect_args=arguments, poolclass=sa.QueuePool, pool_size=1, max_overflow=1)
    except (ArgumentError, ValueError):
        raise StoreError("the store's URL cannot be read; write for example duckdb:///events.duckdb") from None
    except (NoSuchModuleError, ModuleNotFoundError):
        raise StoreError(f"no driver for {url.drivername} stores is installed") from None


def _arguments(url: sa.URL, timeout: float) -> dict[str, Any]:
    backend = url.get_backend_name()
    if backend == "duckdb":
        return {"read_only": True}
    if backend == "postgresql":
        # one wide statement: compiling it costs more than it gains, and its groups should not be sorted on disk
        options = "-c default_transaction_read_only=on -c jit=off -c work_mem=64MB"
        options += f" -c statement_timeout={int(timeout * 1000)}"
        return {"options": options, "connect_timeout": 10, "application_name": "trackwatch"}
    raise StoreError(f"stores of the kind {backend} are not supported; use duckdb or postgresql")


def reason(error: Exception, url: sa.URL) -> str:
    """Return what a driver said, in one line, without the password."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    line = " ".join(said.split("\n\n")[0].split())
    password = str(url.password or "")
    for spelling in {password, quote(password, safe=""), quote_plus(password)} - {""}:
        line = line.replace(spelling, "***")
    return line[:500]


def unreachable(error: Exception, url: sa.URL) -> StoreError:
    """Return the error of a store that does not answer."""
    return StoreError(f"{url.render_as_string(hide_password=True)}: {reason(error, url)}")


@contextmanager
def connected(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection.

    Raises:
        StoreError: the store cannot be reached.
    """
    try:
        connection = engine.connect()
    except (SQLAlchemyError, OSError) as error:
        raise unreachable(error, engine.url) from None
    with connection:
        yield connection


@contextmanager
def deadline(connection: sa.Connection, timeout: float) -> Iterator[None]:
    """Interrupt a statement that takes too long, in a database that has no timeout of its own."""
    if connection.dialect.name != "duckdb":
        yield
        return
    driver: Any = connection.connection.driver_connection
    timer = threading.Timer(timeout, driver.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
