from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from checks.base import Finding
from monitor.alerts.base import Receipt
from monitor.alerts.deliver import Delivery
from monitor.alerts.message import Chart, Message, Reason, Severity, Text
from monitor.errors import DeliveryError, OvertakenError, StateError, UsageError
from monitor.history import schema
from monitor.history.engine import MIGRATIONS, open_engine
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.history.memory import Memory, Step
from monitor.history.outbox import LEASE
from monitor.incidents import Incident, State, Subject
from monitor.stores.base import COLUMNS

DAY0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
INCIDENT = Incident(
    id="inc_1", subject=Subject("down", "A"), severity=Severity.WARNING, started=DAY0, last_seen=DAY0 + HOUR,
    findings=(Finding(check="volume", kind="drop", event="A", p_value=1e-300, text="“A” 🎉 fell"),),
)  # fmt: skip
MESSAGE = Message(
    id="inc_1-opened", incident="inc_1", reason=Reason.OPENED, severity=Severity.WARNING, title="A fell",
    summary="A fell.", blocks=(Text("**A**"),), at=DAY0, chart=Chart(b"\0PNG\0", "a line", "▁▂"),
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def memory(request, tmp_path):
    if request.param == "sqlite":
        return Memory(f"sqlite:///{tmp_path}/state.db", "production")
    return Memory(request.getfixturevalue("postgres_database"), "production")


def points(**values: float) -> pd.DataFrame:
    """Return hourly rows of event A: points(h0=3, h5=1)."""
    start = int(DAY0.timestamp())
    rows = [("web", "A", "", "", "rows", "hour", start + int(name[1:]) * 3600, value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def keep(memory: Memory, frame: pd.DataFrame, **changes) -> None:
    until = DAY0 + 24 * HOUR
    step = {
        "at": until, "points": frame, "spans": {"hour": (DAY0, until)}, "watermarks": {"web": Watermark(until, None)},
        "rhythms": {"web": Rhythm((1, 2), (3.0, 0.5), 4, 5)},
        "before": memory.progress(), "progress": Progress(DAY0, until, until), "incidents": [], "deliveries": [],
        "summary": {},
    }  # fmt: skip
    memory.keep(Step(**{**step, **changes}))


def test_a_run_that_was_overtaken_changes_nothing(memory):
    keep(memory, points(h0=3))
    with pytest.raises(OvertakenError, match="another run"):
        keep(memory, points(h0=4), before=None)
    assert read(memory) == {0: 3}


def read(memory: Memory) -> dict[int, float]:
    frame = memory.points(DAY0, DAY0 + 24 * HOUR)
    return {(b - int(DAY0.timestamp())) // 3600: v for b, v in zip(frame["bucket"], frame["value"], strict=True)}


def test_what_was_kept_is_read_back(memory):
    keep(memory, points(h0=3, h5=1))
    assert read(memory) == {0: 3, 5: 1}
    assert memory.progress() == Progress(DAY0, DAY0 + 24 * HOUR, DAY0 + 24 * HOUR)
    assert memory.watermarks() == {"web": Watermark(DAY0 + 24 * HOUR, None)}
    assert memory.rhythms() == {"web": Rhythm((1, 2), (3.0, 0.5), 4, 5)}


def test_sources_that_are_behind_are_remembered(memory):
    late = Progress(DAY0, DAY0 + 24 * HOUR, DAY0 + 23 * HOUR, {"ios": DAY0 + 5 * HOUR})
    keep(memory, points(h0=3), progress=late)
    assert memory.progress() == late
    keep(memory, points(h0=3))
    assert memory.progress().behind == {}


def test_reading_a_stretch_again_replaces_it(memory):
    keep(memory, points(h0=3, h5=1))
    keep(memory, points(h0=4))
    assert read(memory) == {0: 4}


def test_zeros_are_not_kept_because_the_calendar_fills_them_in(memory):
    keep(memory, points(h0=0, h1=2))
    assert read(memory) == {1: 2}


def test_workspaces_do_not_see_each_other(tmp_path):
    url = f"sqlite:///{tmp_path}/state.db"
    keep(Memory(url, "production"), points(h0=3))
    staging = Memory(url, "staging")
    Memory(url, "production").put_snapshot("catalog", DAY0, {})
    assert (staging.progress(), staging.snapshot("catalog")) == (None, None)
    assert len(staging.points(DAY0, DAY0 + 24 * HOUR)) == 0


def test_an_incident_survives_a_restart_word_by_word(memory):
    keep(memory, points(), incidents=[INCIDENT])
    assert memory.incidents() == (INCIDENT,)


def test_a_snapshot_is_the_newest_of_its_name(memory):
    assert memory.snapshot("usage") is None
    memory.put_snapshot("usage", DAY0, {"read": ["A"]})
    memory.put_snapshot("usage", DAY0 + HOUR, {"read": ["“B” 🎉", None, 0.5]})
    assert memory.snapshot("usage") == (DAY0 + HOUR, {"read": ["“B” 🎉", None, 0.5]})
    assert memory.snapshot("catalog") is None


def test_snapshots_of_a_run_are_kept_with_it_or_not_at_all(memory):
    keep(memory, points(h0=3), snapshots={"catalog": {"events": 1}})
    with pytest.raises(OvertakenError, match="another run"):
        keep(memory, points(h0=4), before=None, snapshots={"catalog": {"events": 2}})
    assert memory.snapshot("catalog") == (DAY0 + 24 * HOUR, {"events": 1})


def test_a_resolved_incident_is_history(memory):
    over = Incident(**{**fields_of(INCIDENT), "state": State.RESOLVED, "resolved": DAY0 + 9 * HOUR})
    keep(memory, points(), incidents=[INCIDENT])
    keep(memory, points(), incidents=[over])
    assert memory.incidents() == ()
    assert memory.incidents(since=DAY0) == (over,)


def fields_of(incident: Incident) -> dict:
    return {name: getattr(incident, name) for name in incident.__slots__}


def test_the_database_refuses_a_second_open_incident_on_one_subject(memory):
    twin = Incident(**{**fields_of(INCIDENT), "id": "inc_2"})
    with pytest.raises(StateError, match="state database"):
        keep(memory, points(h0=3), incidents=[INCIDENT, twin])
    assert memory.incidents() == ()
    assert memory.progress() is None, "half a step was kept"


class TestOutbox:
    @pytest.fixture
    def outbox(self, memory):
        keep(memory, points(), deliveries=[Delivery(id="d1", channel="slack", message=MESSAGE)])
        return memory.outbox

    def test_a_message_waits_with_its_picture(self, outbox):
        (waiting,) = outbox.pending()
        assert waiting.message == MESSAGE
        assert (waiting.attempts, waiting.ambiguous) == (0, False)

    def test_a_message_is_enqueued_once(self, memory, outbox):
        keep(memory, points(), deliveries=[Delivery(id="d1", channel="slack", message=MESSAGE)])
        assert len(outbox.pending()) == 1

    def test_only_one_process_gets_a_claim(self, outbox):
        (waiting,) = outbox.pending()
        assert [outbox.claim(waiting, DAY0), outbox.claim(waiting, DAY0)] == [True, False]

    def test_a_claim_is_left_alone_until_its_process_must_be_gone(self, outbox):
        outbox.claim(outbox.pending()[0], DAY0)
        assert outbox.pending()[0].next_try == DAY0 + LEASE

    def test_a_claim_that_never_ended_comes_back_as_ambiguous(self, outbox):
        outbox.claim(outbox.pending()[0], DAY0)
        (waiting,) = outbox.pending()
        assert (waiting.attempts, waiting.ambiguous) == (1, True)

    def test_what_was_sent_is_the_root_of_its_thread(self, outbox):
        outbox.sent(outbox.pending()[0], Receipt({"ts": "1.2"}), DAY0)
        assert outbox.pending() == []
        assert outbox.root("inc_1", "slack") == Receipt({"ts": "1.2"})
        assert outbox.root("inc_1", "mail") is None

    def test_what_was_postponed_keeps_its_time_and_reason(self, outbox):
        outbox.postpone(outbox.pending()[0], DeliveryError("slow", permanent=False, ambiguous=True), DAY0 + HOUR)
        (waiting,) = outbox.pending()
        assert (waiting.next_try, waiting.ambiguous) == (DAY0 + HOUR, True)

    def test_what_failed_is_over(self, outbox):
        outbox.failed(outbox.pending()[0], "channel_not_found", DAY0)
        assert outbox.pending() == []


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        pytest.param("not a url", UsageError, "not a database URL", id="no URL"),
        pytest.param("mysql://root@localhost/x", UsageError, "cannot keep the state", id="another database"),
        pytest.param("postgresql://me:secret@127.0.0.1:1/x", StateError, "cannot be used", id="a server that is down"),
        pytest.param("sqlite:////proc/no/such/state.db", StateError, "cannot be used", id="a folder that cannot be"),
    ],
)
def test_a_state_database_that_cannot_be_used_is_a_sentence_without_the_password(url, error, says):
    with pytest.raises(error, match=says) as raised:
        open_engine(url)
    assert "secret" not in str(raised.value)


def test_a_state_database_of_a_newer_trackwatch_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/state.db"
    with open_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateError, match="newer trackwatch"):
        open_engine(url)


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/state.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == schema.HEAD
