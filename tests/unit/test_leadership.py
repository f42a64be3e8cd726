"""Does one process lead, and another when it is gone, whatever the clocks say?"""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.alerts.deliver import Delivery
from monitor.errors import OvertakenError, StateError, UsageError
from monitor.history import engine
from monitor.history.memory import Memory
from monitor.leadership import BEAT, LENGTH, Leadership, only_process
from monitor.testing.memory import example

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DELIVERY = Delivery(id="inc_1.1-team", channel="team", message=example())
WORST = dt.timedelta(seconds=30)  # in which another process must have taken over


class Clock:
    """A clock that goes forwards only, and what the wall clock shows, which may not."""

    def __init__(self) -> None:
        self.ticked = 0.0
        self.off = dt.timedelta()

    def __call__(self) -> float:
        return self.ticked

    @property
    def wall(self) -> dt.datetime:
        return NOW + dt.timedelta(seconds=self.ticked) + self.off


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return (
        f"sqlite:///{tmp_path}/state.db" if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    )


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def process(url, clock):
    """Return `process(name)`: the leadership of one process, and its memory."""

    def start(name: str) -> tuple[Leadership, Memory]:
        memory = Memory(url, "production")
        return Leadership(memory, name, clock), memory

    return start


def beats(clock: Clock, *processes: Leadership, until: float) -> float | None:
    """Beat until the last process leads; return after how many seconds."""
    began = clock.ticked
    while clock.ticked - began < until:
        clock.ticked += BEAT.total_seconds()
        led = [process.beat(clock.wall) for process in processes]
        assert sum(led) <= 1
        if led[-1]:
            return clock.ticked - began
    return None


def test_of_several_processes_one_leads(process, clock):
    processes = [process(name)[0] for name in "abc"]
    assert [p.beat(clock.wall) for p in processes] == [True, False, False]
    assert beats(clock, *processes, until=600) is None


@pytest.mark.parametrize(
    "step",
    [pytest.param(0, id="right"), pytest.param(-1, id="set back an hour"), pytest.param(1, id="set forward an hour")],
)
def test_a_process_that_is_gone_is_replaced_within_half_a_minute_whatever_the_clock(process, clock, step):
    (first, _), (second, _) = process("a"), process("b")
    assert (first.beat(clock.wall), second.beat(clock.wall)) == (True, False)
    clock.off += step * dt.timedelta(hours=1)
    assert beats(clock, second, until=60) <= WORST.total_seconds()


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forward"])
def test_a_clock_that_is_set_does_not_take_the_lease_from_who_holds_it(process, clock, hours):
    (first, _), (second, _) = process("a"), process("b")
    assert (first.beat(clock.wall), second.beat(clock.wall)) == (True, False)
    clock.off += dt.timedelta(hours=hours)
    assert beats(clock, first, second, until=120) is None
    assert first.leading


def test_a_process_that_leaves_is_replaced_at_once(process, clock):
    (first, _), (second, _) = process("a"), process("b")
    first.beat(clock.wall)
    first.leave()
    assert second.beat(clock.wall)


class TestAProcessThatWasTakenForDead:
    @pytest.fixture
    def late(self, process, clock):
        """Return the memory of a process that slept while another took over."""
        (first, memory), (second, _) = process("a"), process("b")
        first.beat(clock.wall)
        second.beat(clock.wall)
        clock.ticked += (LENGTH + BEAT).total_seconds()
        assert second.beat(clock.wall)
        return first, memory

    def test_sees_at_its_next_beat_that_it_does_not_lead(self, late, clock):
        assert not late[0].beat(clock.wall)

    def test_keeps_nothing(self, late):
        with pytest.raises(OvertakenError):
            late[1].note([], [])

    def test_sends_nothing(self, late, clock):
        memory = late[1]
        memory.fence(None)
        memory.note([], [DELIVERY])
        memory.fence(1)
        (waiting,) = memory.outbox.pending()
        with pytest.raises(OvertakenError):
            memory.outbox.claim(waiting, clock.wall)


def test_a_process_that_falls_asleep_while_it_changes_something_does_not_hold_up_the_others(
    postgres_database, clock, monkeypatch
):
    monkeypatch.setattr(engine, "ASLEEP", "300ms")
    asleep, other = Memory(postgres_database, "production"), Memory(postgres_database, "production")

    def sleep() -> None:
        with engine.transaction(asleep._engine) as held:
            engine.one_at_a_time(held, "production")
            other.note([], [DELIVERY])
            engine.one_at_a_time(held, "production")

    with pytest.raises(StateError, match="idle-in-transaction timeout"):
        sleep()
    assert len(other.outbox.pending()) == 1


def test_a_database_that_is_gone_without_a_word_is_noticed_within_half_a_minute(postgres_database):
    with engine.transaction(Memory(f"{postgres_database}&keepalives_count=2", "production")._engine) as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    assert told["tcp_user_timeout"] == "25000"
    seconds = [int(told[f"keepalives_{name}"]) for name in ("idle", "interval", "count")]
    assert seconds[2] == 2  # as the address says
    assert seconds[0] + seconds[1] * seconds[2] <= WORST.total_seconds()


def test_what_a_lost_process_was_sending_is_looked_into_at_once(process, clock):
    (first, memory), (second, other) = process("a"), process("b")
    first.beat(clock.wall)
    memory.note([], [DELIVERY])
    assert memory.outbox.claim(memory.outbox.pending()[0], clock.wall)
    (held,) = memory.outbox.pending()
    assert held.next_try > clock.wall
    beats(clock, second, until=60)
    (freed,) = other.outbox.pending()
    assert (freed.ambiguous, freed.next_try) == (True, None)


def test_a_second_process_on_one_file_is_refused_until_the_first_is_gone(tmp_path):
    first = only_process(tmp_path / "state.db", "production")
    with pytest.raises(UsageError, match=r"another 'trackwatch serve' watches production .* need a PostgreSQL"):
        only_process(tmp_path / "state.db", "production")
    first.release()
    only_process(tmp_path / "state.db", "production").release()


def test_processes_that_start_at_once_on_an_empty_database_make_its_tables_once(url):
    with ThreadPoolExecutor(4) as pool:
        memories = list(pool.map(lambda _: Memory(url, "production"), range(4)))
    assert [memory.progress() for memory in memories] == [None] * 4
