from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from checks.base import Catalog, Field
from monitor.inventory import HeldEvent, HeldProperty, Inventory, take
from monitor.stores.base import COLUMNS

DAY0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CATALOG = Catalog(
    {"Order Completed": frozenset({"web", "ios"})},
    (Field("Order Completed", "web", "total", "integer"), Field("Order Completed", "ios", "total", "number")),
)


def points(*rows: tuple[str, str, str, str, float], event: str = "Order Completed") -> pd.DataFrame:
    """Return what was measured on one day: (source, property, measure, grain, value)."""
    start = int(DAY0.timestamp())
    full = [(source, event, prop, "", measure, grain, start, value) for source, prop, measure, grain, value in rows]
    return pd.DataFrame(full, columns=list(COLUMNS))


def stock(catalog: Catalog, measured: pd.DataFrame | None, before: Inventory | None = None, days: int = 1) -> Inventory:
    return take(catalog, measured, (DAY0, DAY0 + days * DAY), before)


FIRST = stock(
    CATALOG,
    points(
        ("web", "", "rows", "day", 100), ("web", "", "rows", "hour", 100), ("ios", "", "rows", "day", 10),
        ("web", "total", "nulls", "day", 30),
    ),
)  # fmt: skip


def test_messages_are_counted_by_source_and_values_by_property():
    event = FIRST.events["Order Completed"]
    assert (event.sources, event.rows) == ({"ios": 10, "web": 100}, 110)
    assert event.properties["total"] == HeldProperty(types={"ios": "number", "web": "integer"}, values=80)


def test_a_place_that_nothing_came_to_has_no_messages():
    found = stock(CATALOG, points(("web", "", "rows", "day", 5)))
    assert found.events["Order Completed"].sources == {"ios": 0, "web": 5}


def test_a_run_by_the_hour_sees_new_names_and_leaves_the_counts_of_the_day():
    more = Catalog(
        CATALOG.events | {"Refunded": frozenset({"web"})}, (*CATALOG.fields, Field("Refunded", "web", "why", "string"))
    )
    found = stock(more, None, FIRST, days=2)
    assert (found.since, found.until) == (FIRST.since, FIRST.until)
    assert found.events["Order Completed"] == FIRST.events["Order Completed"]
    assert found.events["Refunded"] == HeldEvent(
        sources={"web": 0}, properties={"why": HeldProperty(types={"web": "string"})}
    )


def test_what_has_left_the_store_leaves_the_inventory_with_its_last_message():
    gone = Catalog({"Refunded": frozenset({"web"})})
    still = stock(gone, points(("web", "", "rows", "day", 9)), FIRST)
    assert still.events["Order Completed"].properties.keys() == {"total"}
    assert stock(gone, points(("web", "", "rows", "day", 1), event="Refunded"), still).events.keys() == {"Refunded"}


@pytest.mark.parametrize(
    "found", [pytest.param(FIRST, id="one with events"), pytest.param(stock(Catalog({}), points()), id="an empty one")]
)
def test_an_inventory_is_read_back_as_it_was_written(found):
    assert Inventory.from_json(found.to_json()) == found
