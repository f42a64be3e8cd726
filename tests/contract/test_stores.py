"""Does every engine and layout say the same about the same messages?"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from contract.samples import distinct, facts, mixed, odd, rows, typed
from contract.worlds import NOON, ODD, ORDER, WORLDS, World, asked, everything, order, value
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from checks.base import EVERY, PAIRED, Measure, Rule, Stat
from monitor.stores.base import COLUMNS, Measured
from monitor.testing.store import MemoryStore, Row

TABLES_OF_EVENTS = [world for world in WORLDS if world[1] != "segment"]  # Segment makes slugs of names


@given(
    data=st.data(), zone=st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Apia", "UTC"])
)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_it_counts_what_plain_python_counts(world: World, data: st.DataObject, zone: str) -> None:
    given_rows = data.draw(
        rows(dict.fromkeys(typed, mixed) if world.layout == "json" else typed | (odd if world.odd else {}))
    )
    given_rows.append(order(id="known", received_at=dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)))
    window = (dt.datetime(2026, 3, 27, 6, tzinfo=dt.UTC), dt.datetime(2026, 3, 30, 18, 30, tzinfo=dt.UTC))
    store = world.store(given_rows)
    measured = store.measure(asked(zone=zone, window=window))
    world.close()
    expected = MemoryStore(given_rows).measure(asked(zone=zone, window=window))
    assert measured.failures == ()
    assert facts(measured) == facts(expected)
    assert distinct(measured) == pytest.approx(distinct(expected), rel=0.34, abs=1)
    assert measured.rows == expected.rows


def test_sizes_and_delays_come_by_bin_and_dimensions_by_value(world: World) -> None:
    early, late = NOON - dt.timedelta(seconds=5), NOON + dt.timedelta(days=1)
    given_rows = [
        order(occurred_at=early, loaded_at=late, properties={"total": 0}, dimensions={"app_version": "5.2"}),
        order(occurred_at=late, properties={"total": -7}),
    ]
    wishes = [Measure(Stat.DELAYS), Measure(Stat.LAGS), Measure(Stat.SIZES, ORDER, "total")]
    frame = world.store(given_rows).measure(asked(*wishes, Measure(Stat.ROWS, by="app_version"))).frame
    found = {(measure, label) for measure, label in zip(frame.measure, frame.label, strict=True)}
    assert found == {
        *(("delays", "5"), ("delays", "-86400"), ("lags", "86400"), ("sizes", "0"), ("sizes", "-10")),
        *(("rows.app_version", "5.2"), ("rows.app_version", "(none)")),
    }


def test_two_dimensions_are_counted_together_for_the_event_that_is_asked_for(world: World) -> None:
    given_rows = [order(dimensions={"app_version": "5.2"}), order(dimensions={"app_version": "5.2"}), order()]
    wish = Measure(Stat.ROWS, ORDER, by=f"app_version{PAIRED}app_version")
    other = Measure(Stat.ROWS, "Another", by=f"app_version{PAIRED}app_version")
    frame = world.store(given_rows).measure(asked(wish)).frame
    found = dict(zip(frame.label, frame.value, strict=True))
    assert found == {f"5.2{PAIRED}5.2": 2, PAIRED: 1}
    assert not len(world.store(given_rows).measure(asked(other)).frame)


def test_what_comes_without_an_earlier_event_is_counted_by_person(world: World) -> None:
    def sent(event: str, minutes: float, user: str | None = None, anonymous: str | None = None) -> Row:
        at = NOON + dt.timedelta(minutes=minutes)
        return order(
            event=event,
            id=f"{event[0]}{minutes}{user}{anonymous}",
            received_at=at,
            source="web",
            user_id=user,
            anonymous_id=anonymous,
        )

    given_rows = [
        *(sent(ODD, 0, "in time"), sent(ORDER, 5, "in time")),
        *(sent(ODD, 0, None, "as a stranger"), sent(ORDER, 5, "a friend", "as a stranger")),
        *(sent(ODD, 30, "a little late"), sent(ORDER, 0, "a little late")),
        *(sent(ODD, -1500, "yesterday"), sent(ORDER, 0, "yesterday")),
        *(sent(ODD, 120, "afterwards"), sent(ORDER, 0, "afterwards")),
        *(sent(ORDER, 0, "never"), sent(ORDER, 0), sent(ORDER, 0, "")),
    ]
    rule = Rule("after", (ODD, 86400.0))
    measured = world.store(given_rows).measure(asked(Measure(Stat.ROWS), Measure(Stat.UNPRECEDED, ORDER, rule=rule)))
    frame = measured.frame[measured.frame.measure == "unpreceded.after"]
    assert (measured.failures, frame.label.unique().tolist(), frame.value.sum()) == ((), [ODD], 3)
    expected = MemoryStore(given_rows).measure(asked(Measure(Stat.UNPRECEDED, ORDER, rule=rule))).frame
    assert expected.value.sum() == 3


@pytest.mark.parametrize(
    ("others", "same"),
    [
        pytest.param(["é", "a", "a"], True, id="the same values in another order"),
        pytest.param(["a", "é", "b"], False, id="one value differs"),
    ],
)
def test_the_same_values_have_the_same_checksum_and_others_have_another(
    world: World, others: list[str], same: bool
) -> None:
    given_rows = [
        order(minute, event=event, id=f"{event}{minute}", properties={"Note ✎": note})
        for event, notes in ((ORDER, ["a", "é", "a", None]), (ODD, [*others, None]))
        for minute, note in enumerate(notes)
    ]
    measured = world.store(given_rows).measure(asked(Measure(Stat.ROWS), Measure(Stat.CHECKSUM, property=EVERY)))
    found, other = (value(measured, "checksum", "Note ✎", event) for event in (ORDER, ODD))
    assert found > 0
    assert (found == other) is same


def test_values_and_their_forms_come_where_they_are_asked_for(world: World) -> None:
    texts = ["a", "a", "2026-03-01", "12", "é@x.org", "", None]
    given_rows = [order(i, source="web", properties={"Note ✎": text}) for i, text in enumerate(texts)]
    wishes = [Measure(stat, ORDER, "Note ✎") for stat in (Stat.MEMBERS, Stat.FORMS)]
    measured = world.store(given_rows).measure(asked(Measure(Stat.ROWS), *wishes))
    frame = measured.frame[measured.frame.label != ""]
    found = {(m, label): value for m, label, value in zip(frame.measure, frame.label, frame.value, strict=True)}
    told = {("members", "a"): 2, ("forms", "text"): 2, ("forms", "date"): 1, ("forms", "email"): 1}
    assert measured.failures == ()
    assert found.items() >= told.items()
    assert {label for measure, label in found if measure == "forms"} == {"text", "date", "integer", "email", "empty"}


def test_only_the_most_frequent_values_of_a_dimension_are_kept(world: World) -> None:
    given_rows = [order(i, dimensions={"app_version": f"{i % 60:02}"}) for i in range(70)]
    frame = world.store(given_rows).measure(asked(Measure(Stat.ROWS, by="app_version"))).frame
    kept = frame.set_index("label").value
    assert (len(kept), kept["(other)"], kept["09"], "50" in kept) == (51, 10, 2, False)


ADDITIVE = [measure for measure in everything(ORDER, ODD) if measure.stat not in (Stat.SURPLUS, Stat.REPEATS)]


@pytest.mark.parametrize("world", [world for world in WORLDS if world[1] == "wide"], ids=str, indirect=True)
@given(data=st.data(), zone=st.sampled_from(["Europe/Berlin", "Asia/Kolkata"]))
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_increments_in_any_order_and_twice_are_one_full_read(world: World, data: st.DataObject, zone: str) -> None:
    """Copies are not: one that comes days after the first is only seen by who reads both days."""
    store = world.store(data.draw(rows(typed, least=1)))
    midnight = dt.datetime(2026, 3, 27, tzinfo=ZoneInfo(zone))
    days = [(midnight + dt.timedelta(days=day)).astimezone(dt.UTC) for day in range(5)]
    steps = data.draw(st.permutations([*range(4), data.draw(st.integers(0, 3))]))
    kept: dict[Any, Any] = {}
    for day in steps:
        kept |= points(store.measure(asked(*ADDITIVE, zone=zone, window=(days[day], days[day + 1]))))
    assert kept == points(store.measure(asked(*ADDITIVE, zone=zone, window=(days[0], days[4]))))
    world.close()


def points(measured: Measured) -> dict[Any, float]:
    """Return what history keeps: one number for each place, the newest wins."""
    return {tuple(key): number for *key, number in measured.frame.itertuples(index=False, name=None)}


def test_null_ids_are_no_copies_of_each_other(world: World) -> None:
    measured = world.store([order(0, id=None), order(0, id=None), order(1)]).measure(asked(Measure(Stat.SURPLUS)))
    assert value(measured, "surplus") == 0


def test_copies_count_in_the_bucket_of_the_last_one(world: World) -> None:
    copies = [order(0, id="x"), order(0, id="x"), order(2 * 1440, id="x")]
    frame = world.store(copies).measure(asked(Measure(Stat.SURPLUS))).frame
    assert frame[["bucket", "value"]].values.tolist() == [[pd.Timestamp("2026-03-05"), 2.0]]


def test_the_same_content_under_another_id_is_a_repeat(world: World) -> None:
    double = [
        order(0, id="a", user_id="u", properties={"total": 1}),
        order(0.2, id="b", user_id="u", properties={"total": 1}),
    ]
    other = [order(0.3, id="c", user_id="u", properties={"total": 2}), order(0.4, id="d", properties={"total": 1})]
    assert value(world.store(double + other).measure(asked(Measure(Stat.REPEATS))), "repeats") == 1


def test_the_same_wish_of_several_checks_is_computed_once(world: World) -> None:
    store = world.store([order(properties={"total": 1})])
    wish = Measure(Stat.NULLS, ORDER, "total")
    assert store.statements(asked(wish, wish)) == store.statements(asked(wish))


def test_every_property_of_the_catalogue_is_meant_by_every(world: World) -> None:
    store = world.store([order(0, properties={"total": 1}), order(1, properties={"total": None, "rate": 0.5})])
    assert value(store.measure(asked(Measure(Stat.NULLS, property=EVERY))), "nulls", "total") == 1
    assert {"total", "rate"} <= store.catalog().properties(ORDER)


def test_a_planned_property_that_is_not_there_is_null_in_every_row(world: World) -> None:
    measured = world.store([order(0), order(1)]).measure(asked(Measure(Stat.NULLS, ORDER, "never")))
    assert value(measured, "nulls", "never") == 2


def test_one_statement_is_issued_per_table(world: World) -> None:
    store = world.store([order(0), order(1, source="ios"), order(2, event=ODD)])
    tables = 3 if world.layout == "segment" else 1
    assert store.measure(asked()).statements == len(store.statements(asked())) == tables


def test_the_database_sees_no_more_than_that(world: World) -> None:
    store, seen = world.store([order(0), order(1, event=ODD)]), []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    store.catalog()
    catalogue = len(seen)
    measured = store.measure(asked())
    assert catalogue <= 3
    assert len(seen) - catalogue == measured.statements
    assert store._engine.pool.status().startswith("Pool size: 1")


def test_naive_times_may_mean_another_zone(world: World) -> None:
    frame = world.store([order()], naive_zone="Asia/Kolkata").measure(asked(Measure(Stat.ROWS, grain="hour"))).frame
    shift = dt.timedelta() if world.aware else dt.timedelta(hours=5, minutes=30)
    assert frame.bucket.tolist() == [pd.Timestamp(NOON.replace(tzinfo=None) - shift).floor("h")]


def test_statements_name_the_window_and_never_all_columns(world: World) -> None:
    for statement in world.store([order()]).statements(asked()):
        assert "2026-02-27 12:00:00" in statement.sql
        assert "*" not in re.sub(r"count\(\*\)|'\$\[\*\]'", "", statement.sql)


def test_an_empty_store_measures_nothing(world: World) -> None:
    store = world.store([])
    measured = store.measure(asked())
    assert (len(measured.frame), measured.rows, measured.failures) == (0, 0, ())
    assert tuple(measured.frame.columns) == COLUMNS
    assert store.catalog().events == {}


def test_a_store_with_one_row_has_one_event(world: World) -> None:
    store = world.store([order()])
    assert store.catalog().events == {ORDER: frozenset({"web"})}
    assert store.measure(asked(Measure(Stat.ROWS))).frame.value.tolist() == [1.0]


def test_times_in_the_future_stay_out_of_the_window(world: World) -> None:
    store = world.store([order(), order(received_at=dt.datetime(2037, 1, 1, tzinfo=dt.UTC), properties={"total": 1})])
    assert value(store.measure(asked(Measure(Stat.ROWS))), "rows") == 1
    assert ORDER in store.catalog().events


def test_the_store_is_opened_for_reading_only(world: World) -> None:
    store = world.store([order()])
    with pytest.raises(sa.exc.DBAPIError), store._engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE mine (a INTEGER)"))


@pytest.mark.parametrize("world", TABLES_OF_EVENTS, ids=str, indirect=True)
@pytest.mark.parametrize("name", ["x" * 300, "'; DROP TABLE events; --", 'a "quoted" name', "🎉", "100 % :off", "{0}"])
def test_event_names_may_be_anything_in_a_table_of_events(world: World, name: str) -> None:
    measured = world.store([order(event=name, properties={name: "v"})]).measure(asked(Measure(Stat.NULLS, name, name)))
    assert measured.failures == ()
