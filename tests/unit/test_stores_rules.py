"""Which values of typed and text columns break a rule?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from checks.base import EVERY, Measure, Rule, Stat
from checks.bins import SIZES
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import Measured, Request, StoreSettings
from monitor.stores.sql import open_store

Ask = Callable[..., Measured]
WEEK = (dt.datetime(2026, 2, 27, tzinfo=dt.UTC), dt.datetime(2026, 3, 6, tzinfo=dt.UTC))


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Return `ask(select, measures…)`: what the store says of the rows of a SELECT, at noon of 3 March."""

    def run(select: str, *measures: Measure, plan: Plan = Plan(), **settings: Any) -> Measured:  # noqa: B008 frozen
        with duckdb.connect(str(tmp_path / "e.duckdb")) as connection:
            at = "TIMESTAMP '2026-03-03 12:00:00' AS received_at, 'e' AS event"
            connection.execute(f"CREATE TABLE events AS SELECT {at}, * FROM ({select})")
        store = open_store(StoreSettings(url=f"duckdb:///{tmp_path}/e.duckdb", **settings), plan)
        measured = store.measure(Request(measures, *WEEK, "UTC"))
        store.close()
        return measured

    return run


def rows(values: str, kind: str) -> str:
    return f"SELECT CAST(v AS {kind}) AS p FROM (VALUES {values}) t(v)"


def total(measured: Measured) -> float:
    assert measured.failures == ()
    return float(measured.frame.value.sum())


@pytest.mark.parametrize(
    ("planned", "kind", "values", "bad"),
    [
        pytest.param("integer", "VARCHAR", "('1'), (' -2 '), ('3.0'), ('x'), ('1.5'), ('')", 3, id="integers in text"),
        pytest.param("number", "VARCHAR", "('1e3'), ('.5'), ('-1'), ('1,5'), ('NaN')", 2, id="numbers in text"),
        pytest.param("boolean", "VARCHAR", "('true'), ('False'), ('1'), ('yes')", 2, id="booleans in text"),
        pytest.param(
            "datetime", "VARCHAR", "('2026-03-01'), ('2026-03-01T10:00:00Z'), ('1.3.2026')", 1, id="times in text"
        ),
        pytest.param("array", "VARCHAR", "('[1, 2]'), ('1, 2')", 1, id="arrays in text"),
        pytest.param("integer", "DOUBLE", "(1.0), (1.5), (NULL)", 1, id="integers in a float column"),
        pytest.param("number", "BIGINT", "(1), (2)", 0, id="a float may be whole"),
        pytest.param("string", "BIGINT", "(1), (NULL)", 1, id="text planned, numbers sent"),
        pytest.param("boolean", "BIGINT", "(1), (0)", 2, id="booleans planned, numbers sent"),
        pytest.param("any", "BIGINT", "(1)", 0, id="anything goes"),
        pytest.param("string", "UUID", "('6f1ab35e-11a5-4ad9-9b7c-1c1a0a4b9f0a')", 0, id="a UUID is text"),
        pytest.param("integer", "JSON", "('1'), ('\"1\"'), ('1.5'), ('null'), (NULL)", 2, id="a JSON column"),
    ],
)
def test_values_that_are_not_of_the_planned_type_are_counted(
    ask: Ask, planned: str, kind: str, values: str, bad: int
) -> None:
    assert total(ask(rows(values, kind), Measure(Stat.MISTYPED, "e", "p", Rule("type", (planned,))))) == bad


@pytest.mark.parametrize(
    ("rule", "kind", "values", "bad"),
    [
        pytest.param(Rule("enum", ("a", "'; --")), "VARCHAR", "('a'), ('b'), ('''; --'), (NULL)", 1, id="members"),
        pytest.param(Rule("enum", ("1", "2")), "DOUBLE", "(1), (2), (3)", 1, id="members that are numbers"),
        pytest.param(Rule("range", (0, None)), "BIGINT", "(-1), (0), (5)", 1, id="only a minimum"),
        pytest.param(Rule("range", (None, 3)), "VARCHAR", "('4'), ('x'), ('3')", 1, id="numbers in text"),
        pytest.param(Rule("range", (0, 1)), "DOUBLE", "('nan'), ('inf'), ('1')", 2, id="not a number is above all"),
        pytest.param(Rule("pattern", ("^A-[0-9]+$",)), "VARCHAR", "('A-1'), ('a-1'), ('A-')", 2, id="a pattern"),
        pytest.param(Rule("pattern", ("%:x",)), "VARCHAR", "('50%:x'), ('y')", 1, id="a pattern of special characters"),
    ],
)
def test_values_that_the_rule_does_not_allow_are_counted(
    ask: Ask, rule: Rule, kind: str, values: str, bad: int
) -> None:
    assert total(ask(rows(values, kind), Measure(Stat.OUTSIDE, "e", "p", rule))) == bad


@pytest.mark.parametrize("kind", ["JSON", "VARCHAR"])
def test_a_bag_that_is_no_object_has_no_properties(ask: Ask, kind: str) -> None:
    bags = """('{"a": 1}'), ('[1]'), ('"x"'), ('null'), (NULL), ('{"a": null}'), ('{}'), ('{"b": 1, "b": 2}')"""
    select = f"SELECT CAST(v AS {kind}) AS properties FROM (VALUES {bags}) t(v)"
    assert total(ask(select, Measure(Stat.NULLS, "e", "a"))) == 7


def test_text_that_is_no_json_spoils_its_own_row_only(ask: Ask) -> None:
    select = """SELECT v AS properties FROM (VALUES ('{"a": 1}'), ('not json'), ('')) t(v)"""
    assert total(ask(select, Measure(Stat.NULLS, "e", "a"))) == 2


def test_without_ids_copies_are_rows_of_the_same_content(ask: Ask) -> None:
    select = "SELECT * FROM (VALUES ('a', 1), ('a', 1), ('a', 1), ('a', 2), (NULL, 1), (NULL, 1)) t(p, q)"
    assert total(ask(select, Measure(Stat.SURPLUS))) == 3


def test_constants_take_the_place_of_columns(ask: Ask) -> None:
    constants = {"event": "=Order Line Added", "source": "=server"}
    frame = ask("SELECT 1 AS p", Measure(Stat.ROWS), Measure(Stat.NULLS, property=EVERY), columns=constants).frame
    assert frame[["source", "event", "value"]].values.tolist() == [["server", "Order Line Added", 1.0]]


def test_a_fingerprint_tells_one_value_from_several_and_from_none(ask: Ask) -> None:
    select = "SELECT * FROM (VALUES (1, 'x', NULL, 'k'), (2, 'x', NULL, NULL)) t(several, one, none, once)"
    frame = ask(select, Measure(Stat.FINGERPRINT, property=EVERY)).frame.set_index("property").value
    assert frame["several"] == -1
    assert min(frame["one"], frame["once"]) >= 0
    assert "none" not in frame


def test_a_rule_for_every_event_holds_for_each(ask: Ask) -> None:
    select = """SELECT v AS properties FROM (VALUES ('{"a": 1}'), ('{"a": "x"}')) t(v)"""
    assert total(ask(select, Measure(Stat.MISTYPED, None, "a", Rule("type", ("integer",))))) == 1


@pytest.mark.parametrize("count", [3, 3000], ids=["a few", "more than can be bound"])
def test_rules_may_be_many(ask: Ask, count: int) -> None:
    select = """SELECT '{"p1": "it''s", "p2": 2}' AS properties"""
    wishes = [Measure(Stat.OUTSIDE, "e", f"p{i}", Rule("enum", (f"it's {i}", "it's"))) for i in range(count)]
    assert total(ask(select, *wishes)) == 1


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP_S", "TIMESTAMP_NS", "TIMESTAMPTZ"])
def test_times_may_be_of_any_time_type(ask: Ask, kind: str) -> None:
    measured = ask(
        f"SELECT CAST('2026-03-04' AS {kind}) AS seen", Measure(Stat.RECEIVED), columns={"received_at": "seen"}
    )
    assert measured.frame.value.tolist() == [dt.datetime(2026, 3, 4, tzinfo=dt.UTC).timestamp()]


def test_the_column_of_the_user_is_a_property_when_the_plan_names_it(ask: Ask) -> None:
    planned = PlannedEvent(name="e", properties={"customer": PlannedProperty(name="customer", required=True)})
    wish, columns = Measure(Stat.NULLS, property=EVERY), {"user_id": "customer"}
    select = "SELECT * FROM (VALUES ('u'), (NULL)) t(customer)"
    assert total(ask(select, wish, columns=columns, plan=Plan(events={"e": planned}))) == 1


@pytest.mark.parametrize(
    ("stat", "kind", "values", "said"),
    [
        pytest.param(Stat.DISTINCT, "BOOLEAN", "(true), (true), (NULL)", 1, id="one of yes and no"),
        pytest.param(Stat.DISTINCT, "BOOLEAN", "(true), (false), (NULL)", 2, id="yes and no"),
        pytest.param(Stat.DISTINCT, "INTEGER[]", "([1]), ([1]), ([2])", 2, id="lists"),
        pytest.param(
            Stat.LOWEST, "DOUBLE", "('nan'), ('-inf'), ('-2.5'), ('0')", -2.5, id="the smallest finite number"
        ),
        pytest.param(Stat.HIGHEST, "DOUBLE", "('nan'), ('inf'), ('-2.5'), ('0')", 0, id="zero may be the largest"),
        pytest.param(Stat.HIGHEST, "BIGINT", "(9007199254740993), (1)", 2**53, id="as float64 keeps it"),
    ],
)
def test_a_column_says_what_is_in_it(ask: Ask, stat: Stat, kind: str, values: str, said: float) -> None:
    assert ask(rows(values, kind), Measure(stat, "e", "p")).frame.value.tolist() == [said]


@pytest.mark.parametrize("stat", [Stat.LOWEST, Stat.HIGHEST, Stat.SIZES])
def test_texts_and_what_is_no_number_have_no_size(ask: Ask, stat: Stat) -> None:
    select = "SELECT * FROM (VALUES ('1', 'nan'::DOUBLE), ('x', NULL)) t(text, number)"
    assert ask(select, Measure(stat, property=EVERY)).frame.empty


def test_distinct_values_are_told_by_the_day_only(ask: Ask) -> None:
    assert ask("SELECT 1 AS p", Measure(Stat.DISTINCT, "e", "p", grain="hour")).frame.empty


@pytest.mark.parametrize("value", [0, 0.0009, 0.001, 1, 2.9999, 3, 1e12, 2**62, -0.5, -1, -1e300])
def test_a_size_falls_into_the_bin_that_the_grid_says(ask: Ask, value: float) -> None:
    frame = ask(f"SELECT CAST({value} AS DOUBLE) AS p", Measure(Stat.SIZES, "e", "p")).frame
    number = SIZES.number(value)
    assert number is not None
    assert frame.label.tolist() == [SIZES.label(number)]
