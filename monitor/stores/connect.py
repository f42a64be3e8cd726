"""How is a store opened so that it can only be read, and how do its errors become sentences?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from monitor.errors import StoppedError, StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.dialects import DIALECTS, SCHEMES
from monitor.stores.dialects.base import Dialect


def engine(settings: StoreSettings) -> sa.Engine:
    """Return an engine of at most two connections, all read-only; nothing is connected yet.

    Raises:
        StoreError: the URL cannot be read, or no driver for it is installed.
    """
    try:
        url = sa.make_url(settings.url)
        url = url.set(drivername=SCHEMES.get(url.drivername, url.drivername))
        dialect = dialect_of(url)
        url = dialect.rewritten(url) if dialect.rewritten else url
        arguments = dict(dialect.arguments(url, settings.timeout))
        made = sa.create_engine(url, connect_args=arguments, poolclass=sa.QueuePool, pool_size=1, max_overflow=1)
    except (ArgumentError, ValueError):
        raise StoreError("the store's URL cannot be read; write for example duckdb:///events.duckdb") from None
    except (NoSuchModuleError, ModuleNotFoundError):
        raise StoreError(_no_driver(url)) from None
    if prepared := dialect.prepared:
        sa.event.listen(made, "connect", lambda connection, _: prepared(connection, settings.timeout))
    return made


def dialect_of(url: sa.URL) -> Dialect:
    """Return how the database of a URL is asked.

    Raises:
        StoreError: there is no such dialect.
    """
    backend = url.get_backend_name()
    found = next((d for d in DIALECTS.values() if backend in (d.name, *d.schemes, *_backends(d))), None)
    if found is None:
        known = ", ".join(sorted(SCHEMES))
        raise StoreError(f"stores of the kind {backend} are not supported; write one of {known}")
    return found


def _backends(dialect: Dialect) -> set[str]:
    return {driver.partition("+")[0] for driver in dialect.schemes.values()}


def _no_driver(url: sa.URL) -> str:
    extra = next((d.extra for d in DIALECTS.values() if url.drivername in (*d.schemes, *d.schemes.values())), None)
    install = f": pip install 'trackwatch[{extra}]'" if extra else ""
    return f"no driver for {url.drivername} stores is installed{install}"


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


class Guard:
    """Stops statements: one that takes too long, and the one under way when trackwatch is told to stop."""

    def __init__(self, dialect: Dialect, timeout: float) -> None:
        """Watch over nothing yet; timeout in seconds."""
        self._dialect = dialect
        self._timeout = timeout
        self._driver: Any = None
        self.stopped = False

    @contextmanager
    def over(self, connection: sa.Connection) -> Iterator[None]:
        """Watch over the statements of a connection.

        Raises:
            StoppedError: `stop` was called meanwhile.
        """
        self._driver = connection.connection.driver_connection
        timer = None if self._dialect.limits_itself else threading.Timer(self._timeout, self._cancel)
        if timer:
            timer.daemon = True
            timer.start()
        try:
            self._go_on()
            yield
            self._go_on()
        except (KeyboardInterrupt, SystemExit):
            self.stop()
            raise
        except SQLAlchemyError:
            self._go_on()
            raise
        finally:
            self._driver = None
            if timer:
                timer.cancel()

    def stop(self) -> None:
        """Take back the statement under way, and let no other begin."""
        self.stopped = True
        self._cancel()

    def _go_on(self) -> None:
        if self.stopped:
            raise StoppedError("stopped while the store was being asked; the next run catches up")

    def _cancel(self) -> None:
        driver, cancel = self._driver, self._dialect.cancel
        if driver is not None and cancel is not None:
            with suppress(Exception):  # it may just have ended by itself
                cancel(driver)
