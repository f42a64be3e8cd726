"""Do all measures of a day go on to agree, whatever fault is planted in them?"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.base import Catalog, Field
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.backtest.past import Past
from monitor.backtest.replay import Replayed
from monitor.drill.drilling import Drilled
from monitor.drill.fault import Planted, Scene
from monitor.drill.faults import BY_NAME, FAULTS
from monitor.drill.known import Known, Place
from monitor.drill.outcome import Outcome, Tally, why_not
from monitor.drill.session import Refused
from monitor.drill.striking import When, strike
from monitor.history.points import SERIES

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ONSET, END = START + 2 * DAY + 7 * HOUR, START + 5 * DAY
EVENT, SOURCE = "Order Completed", "web"
HOURLY = 10  # messages of a source


def measured(source: str = SOURCE, event: str = EVENT) -> pd.DataFrame:
    """Return six days of an event: 240 messages a day, each of them in every view."""
    views = {
        ("rows.browser", ""): {"Safari": 90, "Chrome": 150},
        ("rows.environment", ""): {"(none)": 240},
        ("rows.identity", ""): {"uuid": 120, "anonymous": 120},
        ("skews", ""): {"0": 200, "1": 40},
        ("there", ""): {"table_mismatch:tracks": 240},
        ("nulls", "total"): {"": 40},
        ("sizes", "total"): {"1": 50, "10": 150},
        ("repeats", ""): {"": 4},
    }
    rows = []
    for day in range(6):
        at = int((START + day * DAY).timestamp())
        rows += [(source, event, "", "", "rows", "hour", at + 3600 * hour, HOURLY) for hour in range(24)]
        rows.append((source, event, "", "", "rows", "day", at, 24 * HOURLY))
        rows += [
            (source, event, name, label, measure, "day", at, count)
            for (measure, name), labels in views.items()
            for label, count in labels.items()
        ]
    return pd.DataFrame(rows, columns=[*SERIES, "bucket", "value"]).astype({"value": float})


POINTS = pd.concat([measured(), measured("ios")], ignore_index=True)
CATALOG = Catalog(
    {EVENT: frozenset({"web", "ios"})}, tuple(Field(EVENT, source, "total", "string") for source in ("web", "ios"))
)
TOTAL = PlannedProperty(name="total", type="number", max=500)
PLAN = Plan(events={EVENT: PlannedEvent(name=EVENT, properties={"total": TOTAL})})
FIRST = {(EVENT, "web"): START, (EVENT, "ios"): START}
KNOWN = Known(Past(points=POINTS, catalog=CATALOG, first=FIRST, since=START), PLAN, START + 6 * DAY)


def planted(fault: str, seed: int = 1) -> tuple[Place, Planted]:
    chosen = BY_NAME[fault]
    rng = np.random.default_rng(seed)
    place = chosen.place(KNOWN, EVENT if chosen.strikes == "event" else SOURCE, rng)
    assert isinstance(place, Place), place
    when = When.of(ONSET, END, ZoneInfo("UTC"))
    inside = POINTS["bucket"].between(int(when.days[0]), int(END.timestamp()), inclusive="left")
    points = POINTS[inside & POINTS["source"].isin(place.sources)]
    return place, chosen.plant(Scene(place, when, points, KNOWN, rng))


def count(points: pd.DataFrame, measure: str, grain: str = "day", **where: str) -> dict[tuple[str, int], float]:
    """Return how much of a measure there is of each source and day."""
    mine = points[(points["measure"] == measure) & (points["grain"] == grain)]
    for column, value in where.items():
        mine = mine[mine[column] == value]
    days = mine["bucket"] - (mine["bucket"] - int(START.timestamp())) % 86400
    return mine["value"].groupby([mine["source"], days]).sum().to_dict()


def total(points: pd.DataFrame, measure: str, **where: str) -> float:
    return sum(count(points, measure, **where).values())


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS])
def test_hours_days_dimensions_and_other_tables_of_a_planted_copy_agree(fault: str):
    points = planted(fault)[1].points
    for event in points["event"].unique():
        own = points[points["event"] == event]
        rows = count(own, "rows")
        for view in ("rows.browser", "rows.environment", "rows.identity", "skews", "there"):
            assert count(own, view) == rows, view
        assert count(own, "rows", grain="hour") == rows
        assert (own["value"] > 0).all()
        assert not own.duplicated([*SERIES, "bucket"]).any()


@settings(max_examples=30)
@given(share=st.floats(0.01, 1.0), seed=st.integers(0, 1000))
def test_what_is_lost_is_lost_in_every_view_and_nothing_before_the_onset(share: float, seed: int):
    when = When.of(ONSET, END, ZoneInfo("UTC"))
    inside = POINTS["bucket"].between(int(when.days[0]), int(END.timestamp()), inclusive="left")
    rng = np.random.default_rng(seed)
    points = strike(POINTS[inside], when, lambda days: np.full(len(days), share), rng).lost()
    rows, nulls = count(points, "rows"), count(points, "nulls")
    sizes = count(points, "sizes")
    assert {place: sizes.get(place, 0) + nulls.get(place, 0) for place in rows} == rows
    early = points[(points["grain"] == "hour") & (points["bucket"] < ONSET.timestamp())]
    assert (early["value"] == HOURLY).all()
    assert len(early) == 2 * 7


def test_a_stop_leaves_nothing_of_the_days_after_it():
    points = planted("stop")[1].points
    assert set(points["bucket"]) == {int((START + 2 * DAY + hour * HOUR).timestamp()) for hour in range(7)}


@pytest.mark.parametrize(
    ("fault", "measure"),
    [
        pytest.param("double_fire", "repeats", id="fired again, under another id"),
        pytest.param("resend", "surplus", id="sent again, under the same"),
    ],
)
def test_every_message_that_came_twice_is_counted_as_a_copy_once(fault: str, measure: str):
    place, found = planted(fault)
    before = POINTS[POINTS["source"].isin(place.sources) & (POINTS["bucket"] >= (START + 2 * DAY).timestamp())]
    before = before[before["bucket"] < END.timestamp()]
    more = total(found.points, "rows") - total(before, "rows")
    assert more > 0
    assert total(found.points, measure) - total(before, measure) == more


def test_twice_as_often_is_twice_of_everything():
    points = planted("spike_100")[1].points
    assert set(count(points, "rows").values()) == {2 * 240 - 70, 2 * 240}
    last = points[points["bucket"] == int((START + 4 * DAY).timestamp())]
    assert total(last, "rows.browser", label="Safari") == 2 * 2 * 90


def test_an_empty_property_leaves_its_messages_without_values():
    points = planted("null")[1].points
    values, nulls = total(points, "sizes"), total(points, "nulls")
    assert values + nulls == 3 * 240
    assert 0.4 * 3 * 200 < values < 0.75 * 3 * 200


@pytest.mark.parametrize(
    ("kept", "measure"),
    [
        pytest.param("string", "mistyped.type", id="a text column keeps what is no number"),
        pytest.param("number", "nulls", id="a column of numbers leaves it empty"),
    ],
)
def test_a_value_of_another_type_is_found_where_the_store_keeps_it(
    monkeypatch: pytest.MonkeyPatch, kept: str, measure: str
):
    fields = tuple(Field(EVENT, source, "total", kept) for source in ("web", "ios"))
    past = Past(points=POINTS, catalog=Catalog(CATALOG.events, fields), first=FIRST, since=START)
    monkeypatch.setitem(globals(), "KNOWN", Known(past, PLAN, START + 6 * DAY))
    points = planted("type_flip")[1].points
    lost = 3 * 200 - total(points, "sizes")
    assert total(points, measure) == lost + (3 * 40 if measure == "nulls" else 0) > 0


def test_a_hundredfold_is_two_decades_up_and_beyond_what_the_plan_allows():
    points = planted("times_100")[1].points
    assert total(points, "sizes") == 3 * 200
    assert total(points, "sizes", label="1000") == total(points, "outside.range") > 0


def test_a_clock_that_is_ahead_makes_messages_arrive_before_they_were_sent():
    points = planted("clock_skew")[1].points
    assert total(points, "skews", label="-3600") > 0.3 * 3 * 240


def test_what_is_renamed_goes_on_under_the_new_name():
    place, found = planted("rename")
    after = found.points[found.points["event"] == "order_completed"]
    assert total(after, "rows") == 2 * 240 + 170
    assert found.first == {("order_completed", place.sources[0]): ONSET}
    assert found.catalog is not None
    assert found.catalog.events["order_completed"] == frozenset(place.sources)
    assert found.catalog.properties("order_completed") == {"total"}


def test_what_developers_send_comes_on_top_and_says_so():
    points = planted("dev_leak")[1].points
    assert total(points, "rows") == 3 * 240 + total(points, "rows.environment", label="development") > 3 * 240


def test_other_ids_take_the_place_of_user_ids_only():
    points = planted("id_swap")[1].points
    assert total(points, "rows.identity", label="anonymous") == 3 * 120
    assert total(points, "rows.identity", label="number") > 0.3 * 3 * 120


@pytest.mark.parametrize(
    ("fault", "subject", "why"),
    [
        pytest.param("type_flip", "page", "has no property of which the plan", id="nothing is planned"),
        pytest.param("times_100", "page", "has no number of which", id="no number is measured"),
        pytest.param("null", "page", "has no property that mostly carries", id="no property has values"),
        pytest.param("stop_platform", "page", "comes from one source only", id="one source"),
        pytest.param("drop_20", "rare", "comes too rarely", id="a rare event"),
    ],
)
def test_what_cannot_happen_says_why(fault: str, subject: str, why: str):
    page = measured("web", "page")
    rare = page[page["measure"] == "rows"].assign(event="rare", value=0.1)
    points = pd.concat([page[page["property"] == ""], rare], ignore_index=True)
    events = {"page": frozenset({"web"}), "rare": frozenset({"web"})}
    first = {("page", "web"): START, ("rare", "web"): START}
    known = Known(Past(points=points, catalog=Catalog(events), first=first, since=START), Plan(), START + 6 * DAY)
    said = BY_NAME[fault].place(known, subject, np.random.default_rng(1))
    assert str(said).startswith(why)


def survived(fault: str, event: str) -> Drilled:
    return Drilled(fault=fault, place=Place(event=event, sources=("web",)), onset=ONSET, end=END, seen=None)


def test_few_faults_say_little_and_the_interval_says_so():
    assert Tally("stop", []).interval == (0.0, 1.0)
    low, high = Tally("stop", [survived("stop", "a")] * 10).interval
    assert low == 0.0
    assert 0.25 < high < 0.3


def test_survivors_are_told_by_event_and_reasons_by_how_often_they_hold():
    drills = [survived("stop", "a"), survived("drop_20", "a"), survived("stop", "b")]
    refused = [Refused("drop_20", "c", "comes too rarely: 3 messages"), Refused("drop_20", "d", "comes too rarely: 1")]
    untouched = Replayed(since=START, until=END)
    outcome = Outcome(faults=FAULTS, drills=drills, refused=refused, untouched=untouched, seed=1, finished=True)
    assert [(tally.name, outcome.survived(tally)) for tally in outcome.events] == [
        ("a", ["stops", "loses 20 %"]),
        ("b", ["stops"]),
    ]
    assert why_not(refused) == [("comes too rarely", 2)]
