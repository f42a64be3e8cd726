"""What was measured is kept packed: in any order, for as long as it is wanted, and read back as it was."""

from __future__ import annotations

import datetime as dt
import uuid
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text

from monitor.config import Keep
from monitor.history import points as kept
from monitor.history import schema
from monitor.history.engine import MIGRATIONS, open_engine
from monitor.history.measures import Progress, Watermark
from monitor.history.memory import Memory, Step
from monitor.stores.base import COLUMNS

DAY0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
UNTIL = DAY0 + 30 * DAY
SERIES = [("web", "A", "", "", "rows"), ("ios", "A", "", "", "rows"), ("web", "A", "price", "", "lowest")]


def frame(values: dict[tuple[int, str, int], float]) -> pd.DataFrame:
    """Return points: (series, grain, hours or days after DAY0) -> value."""
    step = {"hour": HOUR, "day": DAY}
    rows = [(*SERIES[i], grain, int((DAY0 + n * step[grain]).timestamp()), v) for (i, grain, n), v in values.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"bucket": "int64", "value": "float64"})


def step(memory: Memory, points: pd.DataFrame, spans: dict) -> None:
    progress = Progress(DAY0, UNTIL, UNTIL)
    memory.keep(
        Step(
            at=UNTIL, points=points, spans=spans, watermarks={"web": Watermark(UNTIL, None)}, rhythms={},
            before=memory.progress(), progress=progress, incidents=(), deliveries=(), summary={},
        )
    )  # fmt: skip


def read(memory: Memory) -> list[tuple]:
    found = memory.points(DAY0 - DAY, UNTIL + 900 * DAY)
    return sorted(found[list(COLUMNS)].itertuples(index=False, name=None))


def stretches(until: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Return stretches that cover all buckets in [0, until), may overlap, and come in any order."""
    cuts = st.lists(st.integers(1, until - 1), max_size=5, unique=True).map(lambda at: [0, *sorted(at), until])
    whole = cuts.map(lambda at: list(pairwise(at)))
    again = st.lists(st.tuples(st.integers(0, until - 1), st.integers(0, until - 1)).map(sorted).map(tuple), max_size=3)
    return st.tuples(whole, again).flatmap(lambda both: st.permutations(both[0] + both[1]))


class TestIncrements:
    @settings(max_examples=40, deadline=None)
    @given(
        values=st.dictionaries(
            st.tuples(st.integers(0, 2), st.sampled_from(["hour", "day"]), st.integers(0, 400)),
            st.floats(-1e300, 1e300, allow_subnormal=False).filter(bool) | st.just(2.0**53 + 1),
            max_size=30,
        ),
        hours=stretches(401),
        days=stretches(401),
    )
    def test_in_any_order_equal_one_full_reading(self, tmp_path_factory, values, hours, days):
        url, name = f"sqlite:///{tmp_path_factory.getbasetemp()}/increments.db", uuid.uuid4().hex
        truth = frame(values)
        once = Memory(url, f"once {name}")
        step(once, truth, {"hour": (DAY0, DAY0 + 401 * HOUR), "day": (DAY0, DAY0 + 401 * DAY)})
        parts = Memory(url, f"parts {name}")
        for grain, unit, cuts in (("hour", HOUR, hours), ("day", DAY, days)):
            for a, b in cuts:
                span = DAY0 + a * unit, DAY0 + b * unit
                inside = truth["bucket"].between(span[0].timestamp(), span[1].timestamp(), inclusive="left")
                step(parts, truth[inside & (truth["grain"] == grain)], {grain: span})
        expected = sorted(truth[truth["value"] != 0].itertuples(index=False, name=None))
        assert read(parts) == read(once) == expected
        assert parts.first_seen() == once.first_seen()

    def test_a_reading_of_hours_leaves_the_days_alone(self, tmp_path):
        memory = Memory(f"sqlite:///{tmp_path}/s.db", "w")
        both = frame({(0, "hour", 0): 5.0, (0, "day", 0): 7.0})
        step(memory, both, {"hour": (DAY0, DAY0 + DAY), "day": (DAY0, DAY0 + DAY)})
        step(memory, frame({(0, "hour", 1): 6.0}), {"hour": (DAY0, DAY0 + DAY)})
        assert [row[-1] for row in read(memory)] == [7.0, 6.0]


class TestRetention:
    @pytest.fixture(params=["sqlite", "postgres"])
    def memory(self, request, tmp_path):
        url = (
            f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("postgres_database")
        )
        memory = Memory(url, "w")
        # three weeks of hours across the night of 29 March, when Berlin's day has 23 hours; a lowest price is no count
        values = {(i, "hour", h): 1.0 for i in (0, 2) for h in range(23, 36 * 24)}
        values |= {(0, "day", d): 99.0 for d in range(-3, 3)}
        spans = {"hour": (DAY0, DAY0 + 36 * DAY), "day": (DAY0 - 9 * DAY, DAY0 + 36 * DAY)}
        berlin_days = frame(values)
        is_day = berlin_days["grain"] == "day"
        berlin_days.loc[is_day, "bucket"] += 23 * 3600  # midnight in Berlin
        step(memory, berlin_days, spans)
        return memory

    def test_hours_are_rolled_up_into_local_days_and_measured_days_stay(self, memory):
        now = DAY0 + 35 * DAY
        for _ in range(2):
            memory.tidy(Keep(hours=3 * DAY), now, BERLIN)
        left = memory.points(DAY0 - 30 * DAY, DAY0 + 40 * DAY)
        hours = left[left["grain"] == "hour"]
        midnight = dt.datetime(2026, 4, 2, tzinfo=BERLIN)
        assert hours["bucket"].min() == midnight.timestamp()
        days = left[left["grain"] == "day"].set_index("bucket")["value"]
        assert set(left.loc[left["grain"] == "day", "measure"]) == {"rows"}, "a lowest price cannot be added up"
        assert days[int(dt.datetime(2026, 3, 3, tzinfo=BERLIN).timestamp())] == 99
        assert days[int(dt.datetime(2026, 3, 10, tzinfo=BERLIN).timestamp())] == 24
        assert days[int(dt.datetime(2026, 3, 29, tzinfo=BERLIN).timestamp())] == 23

    def test_the_first_of_each_series_is_known_for_ever(self, memory):
        first = memory.first_seen()
        memory.tidy(Keep(days=30 * DAY, hours=7 * DAY), DAY0 + 900 * DAY, BERLIN)
        assert len(memory.points(DAY0 - DAY, DAY0 + 900 * DAY)) == 0
        assert memory.first_seen() == first == {("A", "web"): DAY0 + 23 * HOUR}


def test_what_an_older_version_kept_is_packed(tmp_path):
    url = f"sqlite:///{tmp_path}/old.db"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        start = int(DAY0.timestamp())
        columns = "id, workspace, source, event, property, label, measure, grain"
        connection.execute(text(f"INSERT INTO series ({columns}) VALUES (7, 'w', 'web', 'A', '', '', 'rows', 'hour')"))
        for hour in range(500):
            connection.execute(text(f"INSERT INTO point VALUES (7, {start + hour * 3600}, {hour + 0.5})"))
    engine = open_engine(url)
    found = Memory(url, "w").points(DAY0, DAY0 + 500 * HOUR)
    assert found["value"].tolist() == [hour + 0.5 for hour in range(500)]
    assert (found["bucket"] - start).tolist() == [hour * 3600 for hour in range(500)]
    assert Memory(url, "w").first_seen() == {("A", "web"): DAY0}
    with engine.connect() as connection:
        rows = connection.execute(select(schema.chunk.c.start)).all()
    assert len(rows) == len({(start + hour * 3600) // kept.WIDTH["hour"] for hour in range(500)})
