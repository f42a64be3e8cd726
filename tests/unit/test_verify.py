"""Is a release verified message by message, and told so that a person and a CI system understand it?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from checks.plan import Deprecation, Plan, PlannedEvent, PlannedProperty
from monitor.config import Config, load_config
from monitor.testing.store import MemoryStore, Row
from monitor.verify.follow import board, landed
from monitor.verify.junit import as_junit
from monitor.verify.text import as_text, verdict
from monitor.verify.verification import Line, Scope, State, Verification, verify

SINCE = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
NOW = SINCE + dt.timedelta(hours=3)
TOTAL = PlannedProperty(name="total", type="integer", required=True, min=0)
CURRENCY = PlannedProperty(name="currency", type="string", enum=("USD", "EUR"))
BUILD = PlannedProperty(name="build", type="string", required_from=("ios",))
ORDER = PlannedEvent(
    name="Order Completed",
    sources={"web": "", "ios": ""},
    properties={each.name: each for each in (TOTAL, CURRENCY, BUILD)},
)
OLD = PlannedEvent(name="Cart Viewed", deprecated=Deprecation())
PLAN = Plan(events={"Order Completed": ORDER, "Signed Up": PlannedEvent(name="Signed Up"), "Cart Viewed": OLD})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "trackwatch.yml").write_text("workspace: dev\nstore: {url: 'duckdb:///x.duckdb'}\n")
    return replace(load_config(tmp_path / "trackwatch.yml"), plan=PLAN)


def order(source: str = "web", *, at: dt.datetime = NOW - dt.timedelta(minutes=5), **properties: object) -> Row:
    sent = {"total": 10, "currency": "USD", "build": "7", **properties}
    kept = {name: value for name, value in sent.items() if value is not None}
    return Row(event="Order Completed", source=source, received_at=at, properties=kept)


SIGNED_UP = Row(event="Signed Up", source="web", received_at=NOW - dt.timedelta(minutes=4))


def found(config: Config, *rows: Row, scope: Scope | None = None) -> Verification:
    return verify(config, MemoryStore(rows), scope or Scope(), SINCE, NOW)


def states(verification: Verification) -> dict[tuple[str, str | None], State]:
    return {(line.event, line.source): line.state for line in verification.lines}


def test_a_release_passes_when_every_source_sent_each_planned_event_rightly_once(config: Config):
    assert found(config, order(), order("ios"), SIGNED_UP).passed


def test_an_event_that_one_of_its_sources_has_not_sent_is_absent_there_alone(config: Config):
    came = found(config, order(), SIGNED_UP)
    assert states(came)["Order Completed", "ios"] is State.ABSENT
    assert states(came)["Order Completed", "web"] is State.RIGHT
    assert not came.passed


def test_messages_from_before_the_release_count_for_nothing(config: Config):
    came = found(config, order(at=SINCE - dt.timedelta(minutes=1)), order("ios"), SIGNED_UP)
    assert states(came)["Order Completed", "web"] is State.ABSENT


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        pytest.param({"total": None}, "missing in 1 of 1 message", id="a required property is missing"),
        pytest.param({"total": "ten"}, "of another type than integer in 1 of 1 message", id="a value has another type"),
        pytest.param({"total": -1}, "out of range in 1 of 1 message", id="a number is out of range"),
        pytest.param({"currency": "GBP"}, "not one of USD, EUR in 1 of 1 message", id="a value is not allowed"),
    ],
)
def test_one_wrong_message_is_one_too_many(config: Config, sent: dict[str, object], said: str):
    came = found(config, order(**sent), order("ios"), SIGNED_UP)
    assert states(came)["Order Completed", "web"] is State.BROKEN
    assert states(came)["Order Completed", "ios"] is State.RIGHT
    assert said in as_text(came)


def test_a_property_that_only_one_source_must_send_is_missed_there_alone(config: Config):
    came = found(config, order(build=None), order("ios", build=None), SIGNED_UP)
    assert (states(came)["Order Completed", "web"], states(came)["Order Completed", "ios"]) == ("right", "broken")


def test_a_deprecated_event_need_not_fire_unless_it_is_asked_for(config: Config):
    assert ("Cart Viewed", None) not in states(found(config))
    assert ("Cart Viewed", None) in states(found(config, scope=Scope(frozenset({"Cart Viewed"}))))


def test_a_release_of_one_source_asks_nothing_of_the_others(config: Config):
    came = found(config, order("ios"), SIGNED_UP, scope=Scope(sources=frozenset({"ios"})))
    assert came.passed
    assert ("Order Completed", "web") not in states(came)


def test_nothing_planned_is_nothing_passed(config: Config):
    came = found(config, scope=Scope(frozenset({"No Such Event"})))
    assert not came.passed
    assert "nothing was verified" in verdict(came)


def test_what_is_in_no_plan_is_named_and_does_not_fail_the_release(config: Config):
    typo = Row(event="Order Complete", source="web", received_at=NOW - dt.timedelta(minutes=1))
    came = found(config, order(coupon="X1"), order("ios"), SIGNED_UP, typo)
    assert came.passed
    assert came.unplanned == (("Order Complete", None, 1), ("Order Completed", "coupon", 1))


def test_junit_has_a_case_for_each_promise_and_a_failure_for_each_broken_one(config: Config):
    root = ET.fromstring(as_junit(found(config, order(), order("ios", total="x"))))
    cases = {(case.get("classname"), case.get("name")): case.find("failure") for case in root.iter("testcase")}
    assert cases["web", "Order Completed"] is None
    assert cases["ios", "Order Completed"].get("message").startswith("total is of another type")
    assert cases["any source", "Signed Up"].get("type") == "absent"
    assert (root.get("tests"), root.get("failures")) == ("3", "2")


def test_a_hostile_name_leaves_the_junit_file_readable():
    name = 'Odd\x00\x1b "<&>" \ud800'
    line = Line(event=name, source=None, rows=0)
    hostile = Verification(workspace="dev", since=SINCE, until=NOW, lines=(line,), unplanned=(), unreadable=())
    assert ET.fromstring(as_junit(hostile)).find(".//testcase").get("name") == 'Odd\ufffd\ufffd "<&>" \ufffd'


def test_who_follows_is_told_what_landed_since_the_last_look(config: Config):
    before, now = found(config, order()), found(config, order(), order(total="x"), order("ios"))
    assert list(landed(None, before)) == ["✓ web: Order Completed (+1)  as planned"]
    assert list(landed(before, now)) == [
        "✗ web: Order Completed (+1)  total is of another type than integer in 1 of 2 messages",
        "✓ ios: Order Completed (+1)  as planned",
    ]


def test_the_board_shows_every_promise_and_names_are_no_markup(config: Config):
    odd = Row(event="[red]x[/red]", source="web", received_at=NOW - dt.timedelta(minutes=1))
    columns = [list(map(str, column.cells)) for column in board(found(config, order(), odd)).columns]
    assert columns[1] == ["Order Completed", "Order Completed", "Signed Up", "[red]x[/red]"]
