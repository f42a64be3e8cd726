from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from checks.plan import Plan, PlannedProperty
from monitor.errors import UsageError
from monitor.infer.asking import Window
from monitor.infer.draft import Inferred, infer
from monitor.infer.evidence import SeenProperty
from monitor.infer.weigh import weigh
from monitor.infer.writing import additions, as_plan, proposed
from monitor.plan.load import parse_plan, read_plan
from monitor.testing.store import MemoryStore, Row

NOW = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
WINDOW = Window.before(NOW, 8, "UTC")
A_DAY = 20
ALWAYS, TEXT = {"required": True}, {"type": "string"}
Properties = Callable[[int, int], dict[str, Any]]  # of the day and the message of a day


def messages(properties: Properties, event: str = "Order", busier: int = 0) -> Iterator[Row]:
    for day in range(56):
        for i in range(A_DAY + busier * (day % 7)):
            at = WINDOW.since + dt.timedelta(days=day, minutes=30 * i)
            yield Row(event=event, received_at=at, user_id=f"u{day}.{i}", properties=properties(day, i))


def learned(properties: Properties) -> Inferred:
    return infer(MemoryStore(messages(properties)), WINDOW)


def only(found: Inferred) -> PlannedProperty:
    return found.plan.events["Order"].properties["p"]


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        pytest.param(lambda day, i: "USD" if i % 3 else "EUR", {"required": True, "enum": ("EUR", "USD")}, id="few"),
        pytest.param(lambda day, i: f"name {day} {i}", {"required": True, "enum": ()}, id="many texts are no enum"),
        pytest.param(lambda day, i: None if i == 7 else f"n{day}.{i}", {"required": False}, id="null now and then"),
        pytest.param(lambda day, i: f"{day}@acme.example{i}.org", {"format": "email"}, id="addresses"),
        pytest.param(lambda day, i: f"2026-03-01T10:{i:02}:00Z", {"type": "datetime"}, id="texts that are times"),
        pytest.param(
            lambda day, i: "EUR" if day == 55 else "USD" if i % 2 else "CAD", {"enum": ()}, id="a new one later on"
        ),
        pytest.param(lambda day, i: None if day == 50 else "x", {"required": False}, id="null in the last weeks only"),
        pytest.param(
            lambda day, i: f"not {i} {day}" if day == 55 else f"{day}@{i}.org",
            {"format": None},
            id="no address in the last weeks",
        ),
    ],
)
def test_a_rule_is_what_the_first_weeks_show_and_the_last_do_not_break(value, rules):
    found = only(learned(lambda day, i: {"p": value(day, i)}))
    assert {name: getattr(found, name) for name in rules} == rules


def seen(**given: Any) -> SeenProperty:
    rows = given.pop("rows", {"web": 5000.0})
    plain = {"event": "Order", "name": "p", "types": frozenset({"string"}), "rows": rows, "nulls": {}, "days": 42}
    return SeenProperty(**{**plain, **given})


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        pytest.param({"rows": {"web": 200.0}}, TEXT, id="two hundred rows do not make it required"),
        pytest.param({"days": 7}, TEXT, id="a week does not make it required"),
        pytest.param(
            {"rows": {"web": 900.0, "ios": 900.0}, "nulls": {"web": 400.0}},
            {"required_from": ("ios",)} | TEXT,
            id="always from one source",
        ),
        pytest.param({"members": {"a": (4990.0, 0), "b": (10.0, 40)}}, ALWAYS | TEXT, id="a value that came lately"),
        pytest.param({"members": {"a": (4998.0, 0), "b": (2.0, 3)}}, ALWAYS | TEXT, id="a value that came twice"),
        pytest.param({"types": frozenset({"string", "number"})}, ALWAYS, id="two types"),
        pytest.param(
            {"types": frozenset({"integer", "number"})}, ALWAYS | {"type": "integer"}, id="whole numbers everywhere"
        ),
        pytest.param(
            {"types": frozenset({"number"}), "fractions": 5.0},
            ALWAYS | {"type": "number"},
            id="numbers with a fraction",
        ),
    ],
)
def test_what_is_likely_but_not_certain_is_no_rule(given, rules):
    assert weigh(seen(**given), 6).rules == rules


def numbers(lows: list[float], highs: list[float]) -> dict[str, Any]:
    low, high = (np.array(each * 6, dtype=float) for each in (lows, highs))
    found = weigh(seen(types=frozenset({"integer"}), lows=low, highs=high), 6).rules
    return {name: found.get(name) for name in ("min", "max")}


@pytest.mark.parametrize(
    ("lows", "highs", "rules"),
    [
        pytest.param([1] * 7, [5] * 7, {"min": 1, "max": 5}, id="a scale of one to five has a floor and a ceiling"),
        pytest.param([3, 9, 4, 7, 12, 5, 8], [90, 100, 110, 95, 105, 99, 120], {"min": 0, "max": 500}, id="a margin"),
        pytest.param([3, 9, 4, 7, 12, 5, 8], [10, 9e6, 40, 2e4, 11, 90, 7e5], {"min": 0, "max": None}, id="too wild"),
        pytest.param([-9, -1, -5, -2, -3, -4, -8], [10, 9, 8, 7, 9, 11, 12], {"min": None, "max": 50}, id="negative"),
    ],
)
def test_a_range_has_a_margin_unless_days_end_at_the_same_number(lows, highs, rules):
    assert numbers(lows, highs) == rules


def test_doubts_are_comments_and_the_text_is_a_plan():
    found = learned(lambda day, i: {"p": "always this", "key": f"k{day}.{i}"})
    text = as_plan(found, "Inferred.")
    assert parse_plan([("plan.yml", text.encode())]).plan == found.plan
    assert "      # ? always 'always this': constant: true, or not needed?\n" in text
    assert "      # never null in 840 rows over 6 weeks\n      # ? nearly every message has a value of its own" in text


def test_an_existing_plan_keeps_every_line_that_it_has(tmp_path):
    file = tmp_path / "plan.yml"
    file.write_text(
        "# ours\nevents:\n  Order:   # paid\n    owner: me\n    properties:\n"
        "      p: string   # short\n      q: {type: string, enum: [USD]}\n"
    )
    found = learned(lambda day, i: {"p": f"{day} {i}", "q": "USD", "new": bool(i % 2)})
    written = read_plan(file)
    (text,) = additions(written, found).texts.values()
    assert text == (
        "# ours\nevents:\n  Order:   # paid\n    owner: me\n    properties:\n"
        "      # never null in 840 rows over 6 weeks\n      p: {type: string, required: true}   # short\n"
        "      # never null in 840 rows over 6 weeks\n      q: {type: string, enum: [USD], required: true}\n"
        "      # never null in 840 rows over 6 weeks\n      new: {required: true}\n"
    )
    file.write_text(text)
    assert additions(read_plan(file), found).texts == {}


def test_what_always_comes_after_something_is_proposed_and_written_nowhere():
    rows = [*messages(lambda day, i: {}, "Started", 5), *messages(lambda day, i: {}, "Done", 4)]
    found = infer(MemoryStore(rows), WINDOW)
    lines = list(proposed(found, Plan()))
    ratio, after = lines
    assert ratio.startswith("# Done: ratio: {to: Started}   # 0.916 for each, on most days 0.88")
    assert after.startswith("# Done: after: {event: Started, at_least: 97%}   # 100 % of messages of the last weeks")
    assert all(not event.after and not event.ratio for event in found.plan.events.values())


def test_only_named_events_are_looked_at():
    rows = [*messages(lambda day, i: {}, "Started"), *messages(lambda day, i: {}, "Done")]
    assert list(infer(MemoryStore(rows), WINDOW, ["Done"]).plan.events) == ["Done"]


def test_weeks_without_events_are_a_sentence():
    with pytest.raises(UsageError, match="no event came between 2026-01-05 and 2026-02-16: name another time"):
        infer(MemoryStore([]), WINDOW)
